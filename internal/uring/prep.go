package uring

import "unsafe"

// base is what the preparing methods begin with, so that nothing of an earlier
// request is left.
func (e *SQE) base(op uint8, fd int, mark uint64) {
	*e = SQE{opcode: op, fd: int32(fd), userData: mark}
}

func address(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }

// Nop does nothing.
func (e *SQE) Nop(mark uint64) { e.base(opNop, -1, mark) }

// Quiet asks for no completion if the request succeeds. A count short of what
// a Send with MSG_WAITALL was to send is no success. It takes FeatureQuiet.
func (e *SQE) Quiet() { e.flags |= sqeSkipSuccess }

// FixedFile makes the request's descriptor an index of the registered files.
func (e *SQE) FixedFile() { e.flags |= sqeFixedFile }

// Recv receives once, into a buffer of the group.
func (e *SQE) Recv(fd int, group uint16, mark uint64) {
	e.base(opRecv, fd, mark)
	e.flags = sqeBufferSelect
	e.bufGroup = group
}

// RecvMany receives again and again, each time into a buffer of the group, until
// it fails, is cancelled, or finds no buffer (ENOBUFS). It takes
// FeatureRecvMany.
func (e *SQE) RecvMany(fd int, group uint16, mark uint64) {
	e.Recv(fd, group, mark)
	e.ioprio = recvMultishot
}

// Send sends n bytes from p.
func (e *SQE) Send(fd int, p unsafe.Pointer, n int, msgFlags int, mark uint64) {
	e.base(opSend, fd, mark)
	e.addr, e.len, e.opFlags = address(p), uint32(n), uint32(msgFlags)
}

// SendZC is Send without a copy: after the result, which has CQEMore, a
// notification says that the memory is free again. It takes FeatureSendZC.
func (e *SQE) SendZC(fd int, p unsafe.Pointer, n int, msgFlags int, mark uint64) {
	e.Send(fd, p, n, msgFlags, mark)
	e.opcode = opSendZC
}

// AcceptMany accepts again and again. The flags are those of accept4. It takes
// FeatureAcceptMany.
func (e *SQE) AcceptMany(fd int, flags int, mark uint64) {
	e.Accept(fd, flags, mark)
	e.ioprio = acceptMultishot
}

// Accept accepts once.
func (e *SQE) Accept(fd int, flags int, mark uint64) {
	e.base(opAccept, fd, mark)
	e.opFlags = uint32(flags)
}

// Connect connects to the socket address of n bytes at p.
func (e *SQE) Connect(fd int, p unsafe.Pointer, n int, mark uint64) {
	e.base(opConnect, fd, mark)
	e.addr, e.off = address(p), uint64(n)
}

// Poll waits once for one of the events.
func (e *SQE) Poll(fd int, events uint32, mark uint64) {
	e.base(opPollAdd, fd, mark)
	e.opFlags = pollEvents(events)
}

// PollMany tells of each edge of the events.
func (e *SQE) PollMany(fd int, events uint32, mark uint64) {
	e.Poll(fd, events, mark)
	e.len = pollMulti
}

// Cancel cancels the request that was marked so. Its own completion says
// ENOENT if there is none, EALREADY if it can't be stopped.
func (e *SQE) Cancel(target uint64, mark uint64) {
	e.base(opAsyncCancel, -1, mark)
	e.addr = target
}

// Close closes a descriptor.
func (e *SQE) Close(fd int, mark uint64) { e.base(opClose, fd, mark) }

// Read reads n bytes at off into p.
func (e *SQE) Read(fd int, p unsafe.Pointer, n int, off int64, mark uint64) {
	e.base(opRead, fd, mark)
	e.addr, e.len, e.off = address(p), uint32(n), uint64(off)
}

// Write writes n bytes at off from p.
func (e *SQE) Write(fd int, p unsafe.Pointer, n int, off int64, mark uint64) {
	e.Read(fd, p, n, off, mark)
	e.opcode = opWrite
}

// Fsync makes a file durable; without the metadata that reading it back does
// not need if dataOnly.
func (e *SQE) Fsync(fd int, dataOnly bool, mark uint64) {
	e.base(opFsync, fd, mark)
	if dataOnly {
		e.opFlags = fsyncDatasync
	}
}

// Fallocate reserves n bytes from off.
func (e *SQE) Fallocate(fd int, off, n int64, mark uint64) {
	e.base(opFallocate, fd, mark)
	e.off, e.addr = uint64(off), uint64(n)
}

// Message puts a completion into the ring fd: its mark and result.
func (e *SQE) Message(ring int, theirs uint64, res int32, mark uint64) {
	e.base(opMsgRing, ring, mark)
	e.addr, e.off, e.len = msgData, theirs, uint32(res)
}
