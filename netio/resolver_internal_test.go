package netio

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
)

// However many names there are, so many are remembered and no more.
func TestNamesAreBounded(t *testing.T) {
	drv, err := manual.New(manual.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var d driver.Driver = drv
	ex, err := executor.New(executor.Config{Driver: d})
	if err != nil {
		t.Fatal(err)
	}
	defer ex.Close()
	r := &Resolver{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.IPv6Loopback()}, nil
	}}
	for i := range maxKept + 100 {
		if _, err := executor.RunUntil(ex, r.NewResolve("ip", strconv.Itoa(i)+".example")); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.names(ex).known); n != maxKept {
		t.Errorf("%d names are remembered, want %d", n, maxKept)
	}
	drv.Advance(defaultMaxAge)
	if _, err := executor.RunUntil(ex, r.NewResolve("ip", "one.example")); err != nil {
		t.Fatal(err)
	}
	if n := len(r.names(ex).known); n != 1 {
		t.Errorf("%d names are remembered though all but one are too old", n)
	}
}

func TestInterleave(t *testing.T) {
	for _, x := range [][2]string{
		{"", ""},
		{"4", "4"},
		{"6664", "6466"},
		{"4446", "4644"},
		{"664444", "646444"},
		{"4646", "4646"},
	} {
		var in, want []netip.Addr
		count := map[rune]byte{}
		ip := func(version rune) netip.Addr {
			count[version]++
			if version == '4' {
				return netip.AddrFrom4([4]byte{10, 0, 0, count[version]})
			}
			return netip.AddrFrom16([16]byte{15: count[version]})
		}
		for _, v := range x[0] {
			in = append(in, ip(v))
		}
		clear(count)
		for _, v := range x[1] {
			want = append(want, ip(v))
		}
		if got := interleave(in); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", x[0], got, want)
		}
	}
}
