//go:build kvd_plant_ack_before_sync

package durable

const plantAckBeforeSync = true
