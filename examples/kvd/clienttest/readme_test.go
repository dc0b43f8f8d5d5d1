package clienttest

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// The README's table has the commands that there are.
func TestReadmeListsTheCommands(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text2, _ := strings.Cut(string(text), "| group | commands |")
	table, _, _ := strings.Cut(text2, "\n\n")
	listed := map[string]bool{}
	for _, name := range regexp.MustCompile(`\b[A-Z]+\b`).FindAllString(regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(table, ""), -1) {
		listed[strings.ToLower(name)] = true
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	k := start(t, drivers[0])
	commands, err := k.client(2).CommandList(ctx, (*redis.FilterBy)(nil)).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range commands {
		if !strings.Contains(name, "|") && !listed[name] {
			t.Errorf("the README does not mention %s", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("the README mentions %s, which there is not", name)
	}
}
