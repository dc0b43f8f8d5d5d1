package driver

import (
	"io/fs"
	"net/netip"

	"github.com/rouse-go/rouse"
)

// Code says what an Op does.
type Code uint8

// The operations. Each comment says what goes in and what comes out. Where a
// Handle comes out it stands in Op.Handle and in Args.Handle, but for Accept,
// whose Op.Handle stays the listener's.
const (
	// Nop finishes at once.
	Nop Code = iota

	// Listen opens a listening socket at Args.Network ("tcp", "tcp4", "tcp6",
	// "unix") and Args.Addr (tcp) or Args.Path (unix; "@name" is abstract, on
	// linux), with Args.Backlog (0 means the system's limit) and
	// Args.ReusePort. An Addr without an IP means every address. A socket file
	// that exists already is an error, and CloseHandle removes the one that
	// Listen made. It finishes at once; the Handle comes out.
	Listen
	// Accept waits for a connection on Handle. Out: Args.Handle, and
	// Args.Addr or Args.Path, the peer's. A failure such as EMFILE is in Err,
	// and the listener stays usable.
	Accept
	// Connect connects to Args.Network and Args.Addr or Args.Path, from
	// Args.Local if that is valid. Out: Handle.
	Connect
	// Recv reads into Buf (not empty). Out: N; 0 with a nil Err is the end of
	// the stream. Several Recv or Send may wait on one Handle, and are all told
	// to submit again; several Accept are served in their order.
	Recv
	// Send writes from Vec if that is not empty, else from Buf. Out: N, at
	// least 1 unless there was nothing to write.
	Send
	// Shutdown ends sending (Args.How 1), receiving (0) or both (2) on Handle.
	// What Send took is sent first. Finishes at once.
	Shutdown
	// CloseHandle closes Handle: its Ops in flight complete with ErrClosed, and
	// their wakers are woken before Submit returns. What Send took is still
	// sent. File operations in flight complete in a later Park instead, when
	// their buffer is free again, with their result if they took place.
	// Finishes at once.
	CloseHandle
	// Query fills Args.Local and Args.Addr (or Args.LocalPath and Args.Path)
	// of a socket; a listener has no peer. Finishes at once.
	Query
	// SetOption sets Args.Option of Handle to Args.Value. Finishes at once.
	SetOption

	// Attach lets the driver watch Args.FD, which stays the caller's: it must
	// be non-blocking, and be closed only after CloseHandle, which detaches
	// it. Out: Handle. Finishes at once.
	Attach
	// Readable waits until Handle, which came from Attach, may be readable,
	// Writable until it may be writable: a hint, look again. What is ready
	// already counts, whether or not it was looked at before.
	Readable
	Writable

	// Open opens the file Args.Path with Args.Flags (os.O_RDONLY, …; O_APPEND
	// is refused, since WriteAt says where) and Args.Perm; Args.Direct asks for
	// I/O past the page cache, whose buffers, offsets and lengths must be
	// aligned. Out: Handle.
	Open
	// ReadAt reads into Buf at Off. Out: N; 0 with a nil Err is the end of
	// the file. May be short.
	ReadAt
	// WriteAt writes Buf at Off. Out: N. May be short.
	WriteAt
	// Sync makes what was written to the file Handle durable.
	Sync
	// Datasync is Sync for the bytes and what is needed to find them, such as
	// the size; not for times.
	Datasync
	// Allocate reserves Args.Size bytes from Off in the file Handle, so that
	// writing there can't fail for want of room; the file grows if it ends
	// before.
	Allocate
	// Truncate makes the file Handle Args.Size bytes long.
	Truncate
	// Stat tells about the file Handle, or about Args.Path if Handle is zero
	// (following symbolic links). Out: Args.Info. What works on a path fails
	// with an *fs.PathError, Rename with an *os.LinkError. A Stat, Rename,
	// Remove or ReadDir that reports ErrCanceled has not taken place.
	Stat
	// Rename gives the file Args.Path the name Args.To, replacing what has it.
	Rename
	// Remove removes the file or empty directory Args.Path.
	Remove
	// ReadDir lists the directory Args.Path. Out: Args.Entries, sorted by name.
	ReadDir

	// ListenPacket opens a datagram socket at Args.Network ("udp", "udp4",
	// "udp6") and Args.Addr; with Args.ReusePort. If Args.Peer is valid it is
	// connected to that peer: it gets datagrams from there only, and a Message
	// to send needs no Addr. It finishes at once; the Handle comes out.
	ListenPacket
	// RecvMsgs receives datagrams into Args.Msgs. Out: N, how many of them
	// were filled in, at least 1. Like Recv, it looks at the buffers inside
	// Submit only, and completes with ErrAgain if it had to wait.
	RecvMsgs
	// SendMsgs sends the datagrams of Args.Msgs. Out: N, how many of them
	// went, at least 1. An Err is about the first. Like Send, it completes
	// with ErrAgain if it had to wait.
	SendMsgs
)

// Last is the greatest Code.
const Last = SendMsgs

// A Message is one datagram.
type Message struct {
	// Buf is what to send, or where to receive.
	Buf []byte
	// Addr is whom to send to, or who sent.
	Addr netip.AddrPort
	// N is how many bytes were received.
	N int
	// Truncated says that the datagram was longer than Buf; the rest is lost.
	Truncated bool
}

// Option names a socket option of SetOption.
type Option uint8

// The options. Value is 0 or 1 unless the comment says otherwise.
const (
	// NoDelay is TCP_NODELAY; connections have it on from the start.
	NoDelay Option = iota + 1
	// KeepAlive turns keep-alive probes on or off.
	KeepAlive
	// KeepAliveIdle is the time before the first probe, in seconds.
	KeepAliveIdle
	// RecvBuffer and SendBuffer are the kernel's buffer sizes, in bytes.
	RecvBuffer
	SendBuffer
	// Linger is SO_LINGER in seconds; below 0 turns it off.
	Linger
)

// Args holds what only some operations need, so that a connection at rest
// does not pay for it.
type Args struct {
	Network   string
	Addr      netip.AddrPort
	Local     netip.AddrPort
	Path      string
	LocalPath string
	Backlog   int
	ReusePort bool
	Handle    Handle
	FD        int
	How       int
	Option    Option
	Value     int
	Flags     int
	Perm      uint32
	Direct    bool
	Size      int64
	To        string
	Info      fs.FileInfo
	Entries   []fs.DirEntry
	Peer      netip.AddrPort
	Msgs      []Message
}

// An Op is one operation: the request, and later its result. The zero Op is
// ready to be filled in. It must not be copied while in flight. It is reused
// by setting its fields and submitting it again.
type Op struct {
	Code   Code
	state  opState
	Handle Handle
	Buf    []byte
	Vec    [][]byte
	Off    int64
	Args   *Args

	// N and Err are the result.
	N   int
	Err error

	waker rouse.Waker

	// The driver's own while op is in flight: links of its lists and a place
	// for its bookkeeping.
	Next, Prev *Op
	Slot       uint32
}
