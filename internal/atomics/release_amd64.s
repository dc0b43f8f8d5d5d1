//go:build !interleave && !race

#include "textflag.h"

// func StoreRelease(x *Uint64, v uint64)
TEXT ·StoreRelease(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), AX
	MOVQ v+8(FP), CX
	MOVQ CX, (AX)
	RET
