package bench

import (
	"fmt"
	"io"
)

// List writes what benchmarks and implementations there are.
func List(w io.Writer, bs []Benchmark) {
	for i, b := range bs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		where := "bound to one CPU"
		switch b.Runs {
		case OwnProcess:
			where = "each repetition in a process of its own, not bound"
		case AllCPUs:
			where = "not bound"
		case OwnProcessOneCPU:
			where = "each repetition in a process of its own, bound to one CPU"
		}
		fmt.Fprintf(w, "%s: %s\n  %d repetitions; %s; one operation: %s\n", b.Name, b.Work, b.count(0), where, b.Op)
		for _, im := range b.Impls {
			if im.Run == nil {
				fmt.Fprintf(w, "    %-17s  absent: %s\n", im.Name, im.Absent)
				continue
			}
			how := im.How
			if im.AllCPUs {
				how += "; not bound"
			}
			fmt.Fprintf(w, "    %-17s  %s\n", im.Name, how)
		}
	}
}
