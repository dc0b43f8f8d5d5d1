//go:build linux

package sock

import (
	"encoding/binary"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Raw writes the address of t as the kernel reads it and returns its length.
func (t Target) Raw(to *unix.RawSockaddrAny) (int, error) {
	*to = unix.RawSockaddrAny{}
	switch sa := t.SA.(type) {
	case *unix.SockaddrInet4:
		raw := (*unix.RawSockaddrInet4)(unsafe.Pointer(to))
		raw.Family, raw.Addr = unix.AF_INET, sa.Addr
		putPort(&raw.Port, sa.Port)
		return unix.SizeofSockaddrInet4, nil
	case *unix.SockaddrInet6:
		raw := (*unix.RawSockaddrInet6)(unsafe.Pointer(to))
		raw.Family, raw.Addr, raw.Scope_id = unix.AF_INET6, sa.Addr, sa.ZoneId
		putPort(&raw.Port, sa.Port)
		return unix.SizeofSockaddrInet6, nil
	case *unix.SockaddrUnix:
		raw := (*unix.RawSockaddrUnix)(unsafe.Pointer(to))
		raw.Family = unix.AF_UNIX
		path := unsafe.Slice((*byte)(unsafe.Pointer(&raw.Path)), len(raw.Path))
		if len(sa.Name) >= len(path) {
			return 0, os.NewSyscallError("connect", unix.EINVAL)
		}
		n := copy(path, sa.Name)
		head := int(unsafe.Offsetof(raw.Path))
		if sa.Name[0] == '@' {
			path[0] = 0 // an abstract name has its length for an end
			return head + n, nil
		}
		return head + n + 1, nil
	}
	return 0, unix.EAFNOSUPPORT
}

func putPort(to *uint16, port int) {
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(to))[:], uint16(port))
}
