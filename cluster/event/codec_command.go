package event

const (
	commandID = iota + 1
	commandKind
	commandNode
	commandPeer
	commandKey
	commandValue
	commandEndKey
	commandPrefix
	commandRev
	commandLimit
	commandSerializable
	commandTxn
	commandTimeout
	commandMessage
	commandWith
	commandOneWay
	commandLink
	commandGroups
	commandFactor
	commandTook
	commandOn
	commandAt
	commandFile
	commandOffset
	commandSeed
	commandUndo
)

func writeCommand(w *writer, c *Command) {
	w.uint(commandID, c.ID)
	w.uint(commandKind, uint64(c.Kind))
	w.uint(commandNode, uint64(c.Node))
	w.uint(commandPeer, uint64(c.Peer))
	w.text(commandKey, c.Key)
	w.text(commandValue, c.Value)
	w.text(commandEndKey, c.End)
	w.bool(commandPrefix, c.Prefix)
	w.int(commandRev, c.Rev)
	w.int(commandLimit, c.Limit)
	w.bool(commandSerializable, c.Serializable)
	if c.Txn != nil {
		w.byte(commandTxn)
		writeTxn(w, c.Txn)
	}
	w.int(commandTimeout, int64(c.Timeout))
	w.uint(commandMessage, c.Message)
	w.uint(commandWith, c.With)
	w.bool(commandOneWay, c.OneWay)
	if c.Link != (Link{}) {
		w.byte(commandLink)
		writeLink(w, c.Link)
	}
	writeList(w, commandGroups, c.Groups, func(w *writer, ids *[]NodeID) { writeNodes(w, *ids) })
	w.int(commandFactor, int64(c.Factor))
	w.int(commandTook, int64(c.Took))
	w.bool(commandOn, c.On)
	w.uint(commandAt, uint64(c.At))
	w.text(commandFile, c.File)
	w.int(commandOffset, c.Offset)
	w.uint(commandSeed, c.Seed)
	w.bool(commandUndo, c.Undo)
	w.end()
}

func readCommand(r *reader) (c Command) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		readCommandField(r, &c, tag)
	}
	return c
}

func readCommandField(r *reader, c *Command, tag byte) {
	switch tag {
	case commandID:
		c.ID = r.uint()
	case commandKind:
		c.Kind = CommandKind(r.enum())
	case commandNode:
		c.Node = r.node()
	case commandPeer:
		c.Peer = r.node()
	case commandKey:
		c.Key = r.text()
	case commandValue:
		c.Value = r.text()
	case commandEndKey:
		c.End = r.text()
	case commandPrefix:
		c.Prefix = true
	case commandRev:
		c.Rev = r.int()
	case commandLimit:
		c.Limit = r.int()
	case commandSerializable:
		c.Serializable = true
	case commandTxn:
		c.Txn = readTxn(r)
	case commandTimeout:
		c.Timeout = Micros(r.int())
	case commandMessage:
		c.Message = r.uint()
	case commandWith:
		c.With = r.uint()
	case commandOneWay:
		c.OneWay = true
	case commandLink:
		c.Link = readLink(r)
	case commandGroups:
		c.Groups = readList(r, (*reader).nodes)
	case commandFactor:
		c.Factor = Factor(r.int())
	case commandTook:
		c.Took = Micros(r.int())
	case commandOn:
		c.On = true
	case commandAt:
		c.At = KillPoint(r.enum())
	case commandFile:
		c.File = r.text()
	case commandOffset:
		c.Offset = r.int()
	case commandSeed:
		c.Seed = r.uint()
	case commandUndo:
		c.Undo = true
	default:
		r.unknown("a command", tag)
	}
}

const (
	linkDelay = iota + 1
	linkJitter
	linkLoss
	linkDuplicate
	linkSlow
	linkCut
	linkHold
)

func writeLink(w *writer, l Link) {
	w.int(linkDelay, int64(l.Delay))
	w.int(linkJitter, int64(l.Jitter))
	w.int(linkLoss, int64(l.Loss))
	w.int(linkDuplicate, int64(l.Duplicate))
	w.int(linkSlow, int64(l.Slow))
	w.bool(linkCut, l.Cut)
	w.bool(linkHold, l.Hold)
	w.end()
}

func readLink(r *reader) (l Link) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		switch tag {
		case linkDelay:
			l.Delay = Micros(r.int())
		case linkJitter:
			l.Jitter = Micros(r.int())
		case linkLoss:
			l.Loss = Factor(r.int())
		case linkDuplicate:
			l.Duplicate = Factor(r.int())
		case linkSlow:
			l.Slow = Factor(r.int())
		case linkCut:
			l.Cut = true
		case linkHold:
			l.Hold = true
		default:
			r.unknown("a link", tag)
		}
	}
	return l
}

const (
	txnCompare = iota + 1
	txnSuccess
	txnFailure
)

func writeTxn(w *writer, t *Txn) {
	writeList(w, txnCompare, t.Compare, writeCompare)
	writeList(w, txnSuccess, t.Success, writeRequest)
	writeList(w, txnFailure, t.Failure, writeRequest)
	w.end()
}

func readTxn(r *reader) *Txn {
	t := new(Txn)
	for tag := r.tag(); tag != 0; tag = r.tag() {
		switch tag {
		case txnCompare:
			t.Compare = readList(r, readCompare)
		case txnSuccess:
			t.Success = readList(r, readRequest)
		case txnFailure:
			t.Failure = readList(r, readRequest)
		default:
			r.unknown("a txn", tag)
		}
	}
	return t
}

const (
	compareKey = iota + 1
	compareTarget
	compareResult
	compareValue
)

func writeCompare(w *writer, c *Compare) {
	w.text(compareKey, c.Key)
	w.text(compareTarget, c.Target)
	w.text(compareResult, c.Result)
	w.text(compareValue, c.Value)
	w.end()
}

func readCompare(r *reader) (c Compare) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		switch tag {
		case compareKey:
			c.Key = r.text()
		case compareTarget:
			c.Target = r.text()
		case compareResult:
			c.Result = r.text()
		case compareValue:
			c.Value = r.text()
		default:
			r.unknown("a comparison", tag)
		}
	}
	return c
}

const (
	requestKind = iota + 1
	requestKey
	requestValue
	requestEnd
	requestPrefix
)

func writeRequest(w *writer, q *Request) {
	w.uint(requestKind, uint64(q.Kind))
	w.text(requestKey, q.Key)
	w.text(requestValue, q.Value)
	w.text(requestEnd, q.End)
	w.bool(requestPrefix, q.Prefix)
	w.end()
}

func readRequest(r *reader) (q Request) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		switch tag {
		case requestKind:
			q.Kind = CommandKind(r.enum())
		case requestKey:
			q.Key = r.text()
		case requestValue:
			q.Value = r.text()
		case requestEnd:
			q.End = r.text()
		case requestPrefix:
			q.Prefix = true
		default:
			r.unknown("a request", tag)
		}
	}
	return q
}
