package main

import (
	"fmt"
	"strings"
	"time"
)

// soakMinutes is how long random programs are run.
const soakMinutes = 1

func soakStage() *stage {
	var s soak
	return &stage{
		name:     "soak",
		timeout:  10 * time.Minute,
		commands: []command{{args: []string{"go", "run", "./internal/soak", fmt.Sprintf("-minutes=%d", soakMinutes)}}},
		line:     s.line,
		progress: func() string { return fmt.Sprintf("%d random programs", s.rounds) },
		rows:     s.rows,
	}
}

// soak is what internal/soak says.
type soak struct {
	rounds int
	polls  int
	ok     bool
	faults []string
}

func (s *soak) line(text string) {
	if fault, found := strings.CutPrefix(text, "soak: FAULT: "); found {
		s.faults = append(s.faults, fault)
		return
	}
	if r, found := parseRecord(text, "soak"); found && r["rounds"] != "" {
		s.rounds, _ = r.number("rounds")
		s.polls, _ = r.number("polls")
		s.ok = strings.HasPrefix(text, "soak: ok ")
	}
}

func (s *soak) rows(ended error) []row {
	r := row{section: "soak", text: fmt.Sprintf("%d random programs, %d polls", s.rounds, s.polls)}
	if ended != nil {
		r.wrongf("%v", ended)
	}
	for _, f := range s.faults {
		r.wrongf("%s", f)
	}
	if !s.ok || s.rounds == 0 || s.polls == 0 {
		r.wrongf("it has not come to a good end")
	}
	return []row{r}
}
