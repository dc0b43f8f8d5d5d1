// Package faults is a driver for tests: another driver, and between it and
// whoever uses it the faults that a system may make and seldom does. Transfers
// are cut short, completions come late and in another order, operations fail
// with the errors that they can fail with.
//
// All of it is within what driver.Driver promises, so a program must come to
// the same end on it, but for the errors, which it must tell. A [Plan] without
// errors passes the suite of drivertest. With the same Plan, over a driver that
// does the same in each run, the same faults come.
//
// Each fault is counted where it is made, by its kind; [Report] prints the
// counts in a form that a program can read, and fails a test that made none.
package faults
