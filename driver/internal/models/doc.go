// Package models holds the models of internal/interleave that every driver must
// satisfy which sleeps in the kernel: its sleep, doorbells, and cancellation,
// against what comes from elsewhere at any moment. It is empty but in a checked
// build.
package models
