package engine

import (
	"fmt"

	"github.com/rouse-go/rouse/examples/kvd/internal/resp"
)

// A Journal is told what changes, so that it can be done again: in the order in
// which it happened, and by its effect. A command whose result depends on the
// clock, on chance, or on digits that another machine would print otherwise is
// told as one that does not: SPOP as SREM, EXPIRE as PEXPIREAT, INCRBYFLOAT as
// SET. What Feed tells in one call, or at least one command or one EXEC, is
// taken or lost as a whole. Its methods are called on the engine's thread, from
// within Feed and ExpireDue, and must not call the engine.
type Journal interface {
	// Append tells a command that changed keys of a database. The arguments
	// are valid during the call only.
	Append(db int, args [][]byte)
	// Expired tells that a key was removed because its deadline had come.
	// Nobody needs to wait for that to be durable: it follows from the
	// deadline, which was told before.
	Expired(db int, key string)
	// Refusal says why a command that reads keys, or writes some, can't be
	// executed now; empty: it can.
	Refusal(write bool) string
	// Rewrite asks for a compact journal, for BGREWRITEAOF, and returns why
	// that is not possible.
	Rewrite() (problem string)
	// Policy is the value of the setting appendfsync.
	Policy() string
	// Status is what INFO tells.
	Status() JournalStatus
}

// SetJournal gives e the Journal to tell of all changes from now on.
func (e *Engine) SetJournal(j Journal) {
	e.journal = j
	for i, db := range e.dbs {
		db.OnExpire(func(key string) { j.Expired(i, key) })
	}
}

// The commands that effects are told as.
var (
	cmdDel       = []byte("DEL")
	cmdSet       = []byte("SET")
	cmdMSet      = []byte("MSET")
	cmdHSet      = []byte("HSET")
	cmdSAdd      = []byte("SADD")
	cmdSRem      = []byte("SREM")
	cmdRPush     = []byte("RPUSH")
	cmdPersist   = []byte("PERSIST")
	cmdPExpireAt = []byte("PEXPIREAT")
	argPXAt      = []byte("PXAT")
	argKeepTTL   = []byte("KEEPTTL")
)

// keepEffects is for how many arguments of effect there is memory for good.
const keepEffects = 64

// effect tells the Journal what the command did, instead of the command itself.
func (x *call) effect(args ...[]byte) {
	x.told = true
	if j := x.engine.journal; j != nil {
		x.effects = append(x.effects[:0], args...) // so that args stays on the stack
		j.Append(x.client.db, x.effects)
		clear(x.effects)
		if cap(x.effects) > keepEffects {
			x.effects = nil
		}
	}
}

// millis is a time as an argument of effect, valid until the next one.
func (x *call) millis(at int64) []byte {
	if x.engine.journal == nil {
		return nil
	}
	return appendInt(x.digits[:0], at)
}

// tell tells the Journal of the command that has run, unless it has done so
// itself.
func (x *call) tell() {
	if j := x.engine.journal; j != nil && x.changed && !x.told {
		j.Append(x.client.db, x.args)
	}
}

// refused replies the Journal's error if it does not allow cmd now.
func (x *call) refused(cmd *command) bool {
	why := x.refusal(cmd)
	if why != "" {
		x.client.abort()
		x.error(why)
	}
	return why != ""
}

func (x *call) refusal(cmd *command) string {
	if x.engine.journal == nil || cmd.flags&(read|write) == 0 {
		return ""
	}
	return x.engine.journal.Refusal(cmd.flags&write != 0)
}

// Replay executes a command that a Journal was told. No time passes in it:
// keys that expired are removed by a command of their own, or when all is
// replayed. An error means that the command does not belong to a journal, or
// not to this state.
func (e *Engine) Replay(db int, args [][]byte) error {
	if db < 0 || db >= databases {
		return fmt.Errorf("there is no database %d", db)
	}
	if len(args) == 0 {
		return fmt.Errorf("a command without a name")
	}
	cmd, problem := e.command(args)
	if cmd == nil {
		return fmt.Errorf("%s", problem)
	}
	if cmd.flags&write == 0 {
		return fmt.Errorf("%s changes nothing", upper(cmd.fullName()))
	}
	x := &e.call
	x.client = &e.replayer
	x.client.engine, x.client.db, x.client.proto = e, db, resp.RESP2
	x.cmd, x.args, x.db, x.now, x.out = cmd, args, e.dbs[db], 0, e.replies[:0]
	cmd.run(x)
	e.replies = x.out[:0]
	var err error
	if out := x.out; len(out) > 0 && out[0] == '-' {
		err = fmt.Errorf("%s fails: %s", upper(cmd.fullName()), out[1:len(out)-2])
	}
	x.client, x.args, x.out = nil, nil, nil
	return err
}
