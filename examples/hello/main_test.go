package main

import (
	"bytes"
	"os"
	"testing"
)

// The README's program is this one, to the letter.
func TestREADMEShowsThisProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(readme, append([]byte("```go\n"), append(program, "```\n"...)...)) {
		t.Error("README.md does not contain examples/hello/main.go; copy it there")
	}
}

func Example() {
	main()
	// Output: the answer is 42
}
