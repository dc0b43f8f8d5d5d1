package alarm

import "context"

// An Ender is a ctx that tells its followers of its end there and then. Package
// context starts a goroutine for each, and who runs first is chance.
type Ender interface {
	Done() <-chan struct{}
	AfterFunc(f func()) (stop func() bool)
}

type enderKey struct{}

// IsEnderKey reports whether key is the one for which an [Ender] gives itself as
// the value.
func IsEnderKey(key any) bool { return key == enderKey{} }

// AfterEnd is context.AfterFunc, except that if ctx is an [Ender] f is called
// by whoever ends it, and so must be quick and take no lock that he may hold.
func AfterEnd(ctx context.Context, f func()) (stop func() bool) {
	if e, ok := ctx.Value(enderKey{}).(Ender); ok && e.Done() == ctx.Done() {
		return e.AfterFunc(f)
	}
	return context.AfterFunc(ctx, f)
}
