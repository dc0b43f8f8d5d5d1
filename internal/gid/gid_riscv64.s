//go:build !rouse_nogid

#include "textflag.h"

// func Get() uintptr
TEXT ·Get(SB), NOSPLIT, $0-8
	MOV	g, X5
	MOV	X5, ret+0(FP)
	RET
