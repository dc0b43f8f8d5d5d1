package interleave

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// TB is what Check needs of a test.
type TB interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// scheduleEnv holds model:schedule, to replay that one.
const scheduleEnv = "INTERLEAVE_SCHEDULE"

// preemptionsEnv holds another bound for all models, none or a number, for runs
// that may take longer.
const preemptionsEnv = "INTERLEAVE_PREEMPTIONS"

func (c *Config) override() error {
	text := os.Getenv(preemptionsEnv)
	if text == "" || c.Preemptions < 0 {
		return nil
	}
	n, err := strconv.Atoi(text)
	if text == "none" {
		n, err = Unbounded, nil
	} else if err == nil && n < 1 {
		err = strconv.ErrRange
	}
	c.Preemptions = n
	return err
}

// Check explores model and fails the test if a schedule fails, or if not every
// schedule within the bound could be explored, except under the race detector,
// where the limit is low. It prints the report's line.
func Check(t TB, c Config, model func(*World)) {
	t.Helper()
	if name, text, _ := strings.Cut(os.Getenv(scheduleEnv), ":"); name != "" {
		if name == c.Model {
			checkOne(t, c.filled(), text, model)
		}
		return
	}
	if err := c.override(); err != nil {
		t.Fatalf("rouse: interleave: %s must be none or at least 1: %v", preemptionsEnv, err)
	}
	r := Explore(c, model)
	fmt.Println(r)
	if f := r.Failure; f != nil {
		flags := "-tags interleave"
		if Race {
			flags = "-race " + flags
		}
		t.Fatalf("%s\n\nschedule %d of model %s\n%s\nonce more: %s=%s:%s go test %s -run '^%s$'",
			f.What, f.Found, c.Model, f.Transcript, scheduleEnv, c.Model, f.Schedule, flags, t.Name())
	}
	if c.Preemptions >= 0 && !r.Complete && !Race {
		t.Fatalf("model %s has more than %d schedules; lower Preemptions, or raise Limit", c.Model, r.Schedules)
	}
}

func checkOne(t TB, c Config, text string, model func(*World)) {
	t.Helper()
	one.Lock()
	defer one.Unlock()
	all, err := parseSchedule(text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if f := replay(c, all, model); f != nil {
		t.Fatalf("%s\n%s", f.What, f.Transcript)
	}
	t.Logf("the schedule does not fail")
}
