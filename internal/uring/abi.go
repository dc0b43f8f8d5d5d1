package uring

import "unsafe"

// The kernel's structures, field by field. abi_test.go compares each size and
// offset with the kernel's header.

// An SQE is one request. Prepare it with its methods, which set every field.
type SQE struct {
	opcode   uint8
	flags    uint8
	ioprio   uint16
	fd       int32
	off      uint64
	addr     uint64
	len      uint32
	opFlags  uint32
	userData uint64
	bufGroup uint16
	person   uint16
	file     int32
	addr3    uint64
	pad      uint64
}

// A CQE is one result.
type CQE struct {
	// UserData is what the request was marked with.
	UserData uint64
	// Res is the result: not negative, or a negated errno.
	Res int32
	// Flags are CQEBuffer, CQEMore and so on.
	Flags uint32
}

// Buffer returns the number of the buffer that a result with CQEBuffer is in.
func (c *CQE) Buffer() uint16 { return uint16(c.Flags >> cqeBufferShift) }

type sqOffsets struct {
	head, tail, ringMask, ringEntries, flags, dropped, array, resv1 uint32
	userAddr                                                        uint64
}

type cqOffsets struct {
	head, tail, ringMask, ringEntries, overflow, cqes, flags, resv1 uint32
	userAddr                                                        uint64
}

type params struct {
	sqEntries, cqEntries, flags, sqThreadCPU, sqThreadIdle, features, wqFD uint32
	resv                                                                   [3]uint32
	sqOff                                                                  sqOffsets
	cqOff                                                                  cqOffsets
}

// timespec is struct __kernel_timespec, the same on every architecture.
type timespec struct{ sec, nsec int64 }

// geteventsArg is what Enter is given with enterExtArg.
type geteventsArg struct {
	sigmask   uint64
	sigmaskSz uint32
	minWait   uint32
	ts        uint64
}

type bufEntry struct {
	addr uint64
	len  uint32
	bid  uint16
	resv uint16 // in entry 0 of a ring: its tail
}

type bufReg struct {
	ringAddr    uint64
	ringEntries uint32
	bgid        uint16
	flags       uint16
	resv        [3]uint64
}

type probeOp struct {
	op, resv uint8
	flags    uint16
	resv2    uint32
}

type probe struct {
	lastOp, opsLen uint8
	resv           uint16
	resv2          [3]uint32
	ops            [256]probeOp // the kernel's has no length
}

type rsrcRegister struct {
	nr, flags  uint32
	resv2      uint64
	data, tags uint64
}

type filesUpdate struct {
	offset, resv uint32
	fds          uint64
}

type syncCancelReg struct {
	addr    uint64
	fd      int32
	flags   uint32
	timeout timespec
	opcode  uint8
	pad     [7]uint8
	pad2    [3]uint64
}

const (
	sqeSize = unsafe.Sizeof(SQE{})
	cqeSize = unsafe.Sizeof(CQE{})
)

// Set-up flags.
const (
	SetupCQSize       = 1 << 3
	SetupClamp        = 1 << 4
	SetupDisabled     = 1 << 6
	SetupSubmitAll    = 1 << 7
	SetupCoopTaskrun  = 1 << 8
	SetupTaskrunFlag  = 1 << 9
	SetupSingleIssuer = 1 << 12
	SetupDeferTaskrun = 1 << 13
	SetupNoSQArray    = 1 << 16
)

// Features that set-up reports.
const (
	featSingleMmap = 1 << 0
	featNoDrop     = 1 << 1
	featExtArg     = 1 << 8
	featCQESkip    = 1 << 11
)

// Operations.
const (
	opNop         = 0
	opFsync       = 3
	opPollAdd     = 6
	opAccept      = 13
	opAsyncCancel = 14
	opConnect     = 16
	opFallocate   = 17
	opClose       = 19
	opRead        = 22
	opWrite       = 23
	opSend        = 26
	opRecv        = 27
	opMsgRing     = 40
	opSendZC      = 47
)

// Request flags.
const (
	sqeFixedFile    = 1 << 0
	sqeBufferSelect = 1 << 5
	sqeSkipSuccess  = 1 << 6
)

// Flags of single operations.
const (
	recvMultishot      = 1 << 1
	acceptMultishot    = 1 << 0
	pollMulti          = 1 << 0
	fsyncDatasync      = 1 << 0
	msgData            = 0
	rsrcRegisterSparse = 1 << 0
)

// Result flags.
const (
	// CQEBuffer says that the result lies in a buffer of a buffer ring.
	CQEBuffer = 1 << 0
	// CQEMore says that more results of this request follow.
	CQEMore = 1 << 1
	// CQENonEmpty says that the socket had more to read.
	CQENonEmpty = 1 << 2
	// CQENotif says that a send without copying has let its buffer go.
	CQENotif = 1 << 3

	cqeBufferShift = 16
)

// Enter and ring flags.
const (
	enterGetevents = 1 << 0
	enterExtArg    = 1 << 3

	sqCQOverflow = 1 << 1
	sqTaskrun    = 1 << 2
)

// Where the ring's memory is mapped from.
const (
	offSQRing = 0
	offSQEs   = 0x10000000
)

// Registrations.
const (
	registerFilesUpdate = 6
	registerProbe       = 8
	registerEnableRings = 12
	registerFiles2      = 13
	registerPbufRing    = 22
	unregisterPbufRing  = 23
	registerSyncCancel  = 24
	registerSendMsgRing = 31
	unregisterFiles     = 3
)
