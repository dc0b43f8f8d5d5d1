//go:build !kvd_plant_ack_before_sync

package durable

// plantAckBeforeSync is a bug on demand, to show that the crash test finds it.
const plantAckBeforeSync = false
