// Package exectest is what tests over an executor have in common: the drivers to
// run on, an executor that runs beside the test, calls that must return, and a
// look at what is left.
package exectest

import "time"

// Patience bounds every wait of such tests. It is an alarm, not a measure.
const Patience = 30 * time.Second
