package epoll

// NeedsThread reports that the executor's goroutine is to be locked to its
// thread: Park sleeps in the kernel, and a goroutine that changes threads
// around each sleep would pay for it.
func (d *Driver) NeedsThread() bool { return true }
