//go:build !rouse_nogid

#include "textflag.h"

// func Get() uintptr
TEXT ·Get(SB), NOSPLIT, $0-8
	MOVV	g, R4
	MOVV	R4, ret+0(FP)
	RET
