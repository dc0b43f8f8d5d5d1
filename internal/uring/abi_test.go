//go:build linux

package uring

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

// What the kernel's header says of every structure and constant that we write
// down ourselves. Sizes and offsets are computed by a C compiler from the
// header; what the header is too old for is left to the probes.
func TestABI(t *testing.T) {
	cc := ""
	for _, name := range []string{"cc", "gcc", "clang"} {
		if p, err := exec.LookPath(name); err == nil {
			cc = p
			break
		}
	}
	if cc == "" {
		t.Skip("no C compiler here, so the kernel's header was not asked; make test-deps installs one")
	}
	want := map[string]uintptr{}
	var lines []string
	ask := func(expr string, v uintptr) {
		want[expr] = v
		lines = append(lines, fmt.Sprintf("\tprintf(\"%%s=%%llu\\n\", %q, (unsafe_t)(%s));", expr, expr))
	}
	size := func(c string, v uintptr) { ask("sizeof("+c+")", v) }
	field := func(c, f string, v uintptr) { ask("offsetof("+c+", "+f+")", v) }

	var e SQE
	const sqe = "struct io_uring_sqe"
	size(sqe, unsafe.Sizeof(e))
	field(sqe, "opcode", unsafe.Offsetof(e.opcode))
	field(sqe, "flags", unsafe.Offsetof(e.flags))
	field(sqe, "ioprio", unsafe.Offsetof(e.ioprio))
	field(sqe, "fd", unsafe.Offsetof(e.fd))
	field(sqe, "off", unsafe.Offsetof(e.off))
	field(sqe, "addr2", unsafe.Offsetof(e.off))
	field(sqe, "addr", unsafe.Offsetof(e.addr))
	field(sqe, "len", unsafe.Offsetof(e.len))
	for _, f := range []string{"rw_flags", "fsync_flags", "poll32_events", "msg_flags", "accept_flags", "cancel_flags", "msg_ring_flags"} {
		field(sqe, f, unsafe.Offsetof(e.opFlags))
	}
	field(sqe, "user_data", unsafe.Offsetof(e.userData))
	field(sqe, "buf_group", unsafe.Offsetof(e.bufGroup))
	field(sqe, "personality", unsafe.Offsetof(e.person))
	field(sqe, "file_index", unsafe.Offsetof(e.file))
	field(sqe, "addr3", unsafe.Offsetof(e.addr3))

	var c CQE
	const cqe = "struct io_uring_cqe"
	size(cqe, unsafe.Sizeof(c))
	field(cqe, "user_data", unsafe.Offsetof(c.UserData))
	field(cqe, "res", unsafe.Offsetof(c.Res))
	field(cqe, "flags", unsafe.Offsetof(c.Flags))

	var sq sqOffsets
	const sqo = "struct io_sqring_offsets"
	size(sqo, unsafe.Sizeof(sq))
	field(sqo, "head", unsafe.Offsetof(sq.head))
	field(sqo, "tail", unsafe.Offsetof(sq.tail))
	field(sqo, "flags", unsafe.Offsetof(sq.flags))
	field(sqo, "array", unsafe.Offsetof(sq.array))
	var cq cqOffsets
	const cqo = "struct io_cqring_offsets"
	size(cqo, unsafe.Sizeof(cq))
	field(cqo, "head", unsafe.Offsetof(cq.head))
	field(cqo, "tail", unsafe.Offsetof(cq.tail))
	field(cqo, "cqes", unsafe.Offsetof(cq.cqes))
	var p params
	const par = "struct io_uring_params"
	size(par, unsafe.Sizeof(p))
	field(par, "sq_entries", unsafe.Offsetof(p.sqEntries))
	field(par, "cq_entries", unsafe.Offsetof(p.cqEntries))
	field(par, "flags", unsafe.Offsetof(p.flags))
	field(par, "features", unsafe.Offsetof(p.features))
	field(par, "sq_off", unsafe.Offsetof(p.sqOff))
	field(par, "cq_off", unsafe.Offsetof(p.cqOff))

	var ts timespec
	size("struct __kernel_timespec", unsafe.Sizeof(ts))
	var g geteventsArg
	const arg = "struct io_uring_getevents_arg"
	size(arg, unsafe.Sizeof(g))
	field(arg, "sigmask", unsafe.Offsetof(g.sigmask))
	field(arg, "sigmask_sz", unsafe.Offsetof(g.sigmaskSz))
	field(arg, "ts", unsafe.Offsetof(g.ts))

	var b bufEntry
	const buf = "struct io_uring_buf"
	size(buf, unsafe.Sizeof(b))
	field(buf, "addr", unsafe.Offsetof(b.addr))
	field(buf, "len", unsafe.Offsetof(b.len))
	field(buf, "bid", unsafe.Offsetof(b.bid))
	field("struct io_uring_buf_ring", "tail", unsafe.Offsetof(b.resv))
	var br bufReg
	const reg = "struct io_uring_buf_reg"
	size(reg, unsafe.Sizeof(br))
	field(reg, "ring_addr", unsafe.Offsetof(br.ringAddr))
	field(reg, "ring_entries", unsafe.Offsetof(br.ringEntries))
	field(reg, "bgid", unsafe.Offsetof(br.bgid))

	var po probeOp
	size("struct io_uring_probe_op", unsafe.Sizeof(po))
	field("struct io_uring_probe_op", "flags", unsafe.Offsetof(po.flags))
	var pr probe
	field("struct io_uring_probe", "last_op", unsafe.Offsetof(pr.lastOp))
	field("struct io_uring_probe", "ops", unsafe.Offsetof(pr.ops))
	var rr rsrcRegister
	size("struct io_uring_rsrc_register", unsafe.Sizeof(rr))
	field("struct io_uring_rsrc_register", "data", unsafe.Offsetof(rr.data))
	field("struct io_uring_rsrc_register", "tags", unsafe.Offsetof(rr.tags))
	var fu filesUpdate
	size("struct io_uring_files_update", unsafe.Sizeof(fu))
	field("struct io_uring_files_update", "fds", unsafe.Offsetof(fu.fds))
	var sc syncCancelReg
	const can = "struct io_uring_sync_cancel_reg"
	size(can, unsafe.Sizeof(sc))
	field(can, "addr", unsafe.Offsetof(sc.addr))
	field(can, "fd", unsafe.Offsetof(sc.fd))
	field(can, "timeout", unsafe.Offsetof(sc.timeout))

	for name, v := range map[string]uintptr{
		"IORING_SETUP_CQSIZE": SetupCQSize, "IORING_SETUP_CLAMP": SetupClamp, "IORING_SETUP_R_DISABLED": SetupDisabled,
		"IORING_SETUP_SUBMIT_ALL": SetupSubmitAll, "IORING_SETUP_COOP_TASKRUN": SetupCoopTaskrun, "IORING_SETUP_TASKRUN_FLAG": SetupTaskrunFlag,
		"IORING_SETUP_SINGLE_ISSUER": SetupSingleIssuer, "IORING_SETUP_DEFER_TASKRUN": SetupDeferTaskrun,
		"IORING_FEAT_SINGLE_MMAP": featSingleMmap, "IORING_FEAT_NODROP": featNoDrop, "IORING_FEAT_EXT_ARG": featExtArg, "IORING_FEAT_CQE_SKIP": featCQESkip,
		"IORING_OP_NOP": opNop, "IORING_OP_FSYNC": opFsync, "IORING_OP_POLL_ADD": opPollAdd, "IORING_OP_ACCEPT": opAccept,
		"IORING_OP_ASYNC_CANCEL": opAsyncCancel, "IORING_OP_CONNECT": opConnect, "IORING_OP_FALLOCATE": opFallocate,
		"IORING_OP_CLOSE": opClose, "IORING_OP_READ": opRead, "IORING_OP_WRITE": opWrite, "IORING_OP_SEND": opSend,
		"IORING_OP_RECV":     opRecv,
		"IORING_OP_MSG_RING": opMsgRing, "IORING_OP_SEND_ZC": opSendZC,
		"IOSQE_FIXED_FILE": sqeFixedFile, "IOSQE_BUFFER_SELECT": sqeBufferSelect, "IOSQE_CQE_SKIP_SUCCESS": sqeSkipSuccess,
		"IORING_RECV_MULTISHOT": recvMultishot, "IORING_ACCEPT_MULTISHOT": acceptMultishot, "IORING_POLL_ADD_MULTI": pollMulti,
		"IORING_FSYNC_DATASYNC": fsyncDatasync,
		"IORING_MSG_DATA":       msgData, "IORING_RSRC_REGISTER_SPARSE": rsrcRegisterSparse,
		"IORING_CQE_F_BUFFER": CQEBuffer, "IORING_CQE_F_MORE": CQEMore, "IORING_CQE_F_NOTIF": CQENotif, "IORING_CQE_BUFFER_SHIFT": cqeBufferShift,
		"IORING_ENTER_GETEVENTS": enterGetevents, "IORING_ENTER_EXT_ARG": enterExtArg,
		"IORING_SQ_CQ_OVERFLOW": sqCQOverflow, "IORING_SQ_TASKRUN": sqTaskrun,
		"IORING_OFF_SQ_RING": offSQRing, "IORING_OFF_SQES": offSQEs,
		"IORING_REGISTER_FILES_UPDATE": registerFilesUpdate, "IORING_REGISTER_PROBE": registerProbe, "IORING_REGISTER_ENABLE_RINGS": registerEnableRings,
		"IORING_REGISTER_FILES2": registerFiles2, "IORING_REGISTER_PBUF_RING": registerPbufRing, "IORING_UNREGISTER_PBUF_RING": unregisterPbufRing,
		"IORING_REGISTER_SYNC_CANCEL": registerSyncCancel, "IORING_UNREGISTER_FILES": unregisterFiles,
	} {
		ask(name, v)
	}

	dir := t.TempDir()
	src := filepath.Join(dir, "abi.c")
	text := "#include <stdio.h>\n#include <stddef.h>\n#include <linux/io_uring.h>\ntypedef unsigned long long unsafe_t;\nint main(void) {\n" +
		strings.Join(lines, "\n") + "\n\treturn 0;\n}\n"
	if err := os.WriteFile(src, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "abi")
	if out, err := exec.Command(cc, "-o", exe, src).CombinedOutput(); err != nil {
		t.Skipf("the kernel's header here is too old, or not there: %s", bytes.SplitN(out, []byte("\n"), 2)[0])
	}
	out, err := exec.Command(exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		expr, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		v, err := strconv.ParseUint(value, 10, 64)
		if w, ok := want[expr]; err != nil || !ok || uintptr(v) != w {
			t.Errorf("%s is %s in the kernel's header, %d here", expr, value, w)
		}
		seen++
	}
	if seen != len(want) {
		t.Errorf("%d of %d answers", seen, len(want))
	}
}
