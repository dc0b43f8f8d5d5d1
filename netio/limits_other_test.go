//go:build !linux

package netio_test

func maxFiles() int { return 256 }
