//go:build linux

package epoll

import (
	"net"
	"strconv"
	"time"
)

// zoneAge is how long a name of an interface is believed.
const zoneAge = int64(time.Minute)

// zones remembers the names of interfaces, which the kernel tells by calls
// that are too dear for every datagram.
type zones struct {
	names   map[uint32]string
	indexes map[string]uint32
	until   int64
}

// fresh forgets what is too old.
func (z *zones) fresh(d *Driver) {
	if now := d.Now(); z.names == nil || now >= z.until {
		z.names, z.indexes, z.until = map[uint32]string{}, map[string]uint32{}, now+zoneAge
	}
}

// name returns the zone of an interface: its name, or its number if it has
// none any more.
func (z *zones) name(index uint32, d *Driver) string {
	z.fresh(d)
	name, ok := z.names[index]
	if !ok {
		name = zoneName(index)
		z.names[index] = name
	}
	return name
}

// index is the way back; 0 means that there is no such interface.
func (z *zones) index(zone string, d *Driver) uint32 {
	z.fresh(d)
	index, ok := z.indexes[zone]
	if !ok {
		index, _ = zoneIndex(zone)
		z.indexes[zone] = index
	}
	return index
}

func zoneName(index uint32) string {
	if ifi, err := net.InterfaceByIndex(int(index)); err == nil {
		return ifi.Name
	}
	return strconv.FormatUint(uint64(index), 10)
}

func zoneIndex(zone string) (uint32, error) {
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	ifi, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, err
	}
	return uint32(ifi.Index), nil
}
