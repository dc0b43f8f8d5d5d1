package executor_test

import (
	"fmt"

	"github.com/rouse-go/rouse/executor"
)

// A package that has something to remember for each executor, and must not
// import executor.
func ExampleLocal_Kept() {
	ex, err := executor.New(executor.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ex.Close()
	type counterKey struct{}
	type host interface {
		Kept(key any, create func() any) any
	}
	count := func(h host) int {
		n := h.Kept(counterKey{}, func() any { return new(int) }).(*int)
		*n++
		return *n
	}
	fmt.Println(count(ex), count(ex))
	// Output: 1 2
}
