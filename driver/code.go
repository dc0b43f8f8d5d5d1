package driver

import "strconv"

var codeNames = [...]string{
	Nop: "Nop", Listen: "Listen", Accept: "Accept", Connect: "Connect", Recv: "Recv", Send: "Send",
	Shutdown: "Shutdown", CloseHandle: "CloseHandle", Query: "Query", SetOption: "SetOption",
	Attach: "Attach", Readable: "Readable", Writable: "Writable",
	Open: "Open", ReadAt: "ReadAt", WriteAt: "WriteAt", Sync: "Sync",
	Datasync: "Datasync", Allocate: "Allocate", Truncate: "Truncate", Stat: "Stat",
	Rename: "Rename", Remove: "Remove", ReadDir: "ReadDir",
	ListenPacket: "ListenPacket", RecvMsgs: "RecvMsgs", SendMsgs: "SendMsgs",
}

// String returns the name of the operation, for logs and errors.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return "Code(" + strconv.Itoa(int(c)) + ")"
}
