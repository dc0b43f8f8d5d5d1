package store

import (
	"bytes"
	"math/bits"
)

// shardSeed is that of the hash that spreads keys over shards. It is not that of
// the tables: the keys of one shard must not have the same bits there.
const shardSeed = 0x5bd1e9955bd1e995

// Shard returns which of n shards a key belongs to: always the same one, in this
// process and in the next. As in Redis Cluster, a key that has something in
// braces is placed by the first such part alone, so that {user7}:name and
// {user7}:mail are together.
func Shard(key []byte, n int) int {
	if i := bytes.IndexByte(key, '{'); i >= 0 {
		if j := bytes.IndexByte(key[i+1:], '}'); j > 0 {
			key = key[i+1 : i+1+j]
		}
	}
	i, _ := bits.Mul64(hash(shardSeed, key), uint64(n))
	return int(i)
}
