package timer

import (
	"reflect"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/alarm"
)

// A Host is an executor that keeps time. Futures of this package find it behind
// cx.Executor().
type Host interface {
	Alarms() *alarm.Clock
}

// clockOf returns the clock of whoever polls.
func clockOf(cx *rouse.Context) *alarm.Clock {
	h, ok := cx.Executor().(Host)
	if !ok {
		panic("rouse: package timer needs an executor that keeps time, and " + nameOf(cx.Executor()) + " does not; run the future on executor.Local, and await its handle where you like")
	}
	return h.Alarms()
}

func nameOf(ex rouse.Executor) string {
	if ex == nil {
		return "this Context, which has none,"
	}
	return reflect.TypeOf(ex).String()
}
