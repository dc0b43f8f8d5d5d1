package topo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxCPU bounds the numbers of a list: beyond it is not a machine but a mistake.
const maxCPU = 1 << 16

// ParseList reads the kernel's form of a set of CPUs, such as "0-3,8". The
// result is sorted and has no doubles; an empty text is the empty set.
func ParseList(text string) ([]int, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	var cpus []int
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			last = first
		}
		a, err := strconv.Atoi(first)
		b, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil || a < 0 || b < a || b > maxCPU {
			return nil, fmt.Errorf("rouse: %q in the CPU list %q is no number or range", part, text)
		}
		for ; a <= b; a++ {
			cpus = append(cpus, a)
		}
	}
	slices.Sort(cpus)
	return slices.Compact(cpus), nil
}

// FormatList writes sorted CPUs in the kernel's form.
func FormatList(cpus []int) string {
	var b strings.Builder
	for i := 0; i < len(cpus); {
		j := i
		for j+1 < len(cpus) && cpus[j+1] == cpus[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(cpus[i]))
		if j > i {
			b.WriteString("-" + strconv.Itoa(cpus[j]))
		}
		i = j + 1
	}
	if b.Len() == 0 {
		return "none"
	}
	return b.String()
}
