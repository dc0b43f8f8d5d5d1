//go:build !linux

package bench

const canBind = false

func allowedCPUs() []int { return nil }

func startOn(_ []int, start func() error) error { return start() }
