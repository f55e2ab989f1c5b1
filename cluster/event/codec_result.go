package event

const (
	resultID = iota + 1
	resultOp
	resultKind
	resultOutcome
	resultNode
	resultLeader
	resultError
	resultRevision
	resultIndex
	resultTerm
	resultAcks
	resultKVs
	resultCount
	resultMore
	resultDeleted
	resultSucceeded
	resultResponses
	resultBehind
	resultVirtual
	resultWall
	resultSeq
)

func writeResult(w *writer, v *Result) {
	w.uint(resultID, v.ID)
	w.uint(resultOp, v.Op)
	w.uint(resultKind, uint64(v.Kind))
	w.uint(resultOutcome, uint64(v.Outcome))
	w.uint(resultNode, uint64(v.Node))
	w.uint(resultLeader, uint64(v.Leader))
	w.text(resultError, v.Error)
	w.int(resultRevision, v.Revision)
	w.uint(resultIndex, v.Index)
	w.uint(resultTerm, v.Term)
	w.nodes(resultAcks, v.Acks)
	writeList(w, resultKVs, v.KVs, writeKeyValue)
	w.int(resultCount, v.Count)
	w.bool(resultMore, v.More)
	w.int(resultDeleted, v.Deleted)
	w.bool(resultSucceeded, v.Succeeded)
	writeList(w, resultResponses, v.Responses, writeResponse)
	w.int(resultBehind, v.Behind)
	w.int(resultVirtual, int64(v.Virtual))
	w.int(resultWall, int64(v.Wall))
	w.uint(resultSeq, v.Seq)
	w.end()
}

func readResult(r *reader) (v Result) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		readResultField(r, &v, tag)
	}
	return v
}

func readResultField(r *reader, v *Result, tag byte) {
	switch tag {
	case resultID:
		v.ID = r.uint()
	case resultOp:
		v.Op = r.uint()
	case resultKind:
		v.Kind = CommandKind(r.enum())
	case resultOutcome:
		v.Outcome = Outcome(r.enum())
	case resultNode:
		v.Node = r.node()
	case resultLeader:
		v.Leader = r.node()
	case resultError:
		v.Error = r.text()
	case resultRevision:
		v.Revision = r.int()
	case resultIndex:
		v.Index = r.uint()
	case resultTerm:
		v.Term = r.uint()
	case resultAcks:
		v.Acks = r.nodes()
	case resultKVs:
		v.KVs = readList(r, readKeyValue)
	case resultCount:
		v.Count = r.int()
	case resultMore:
		v.More = true
	case resultDeleted:
		v.Deleted = r.int()
	case resultSucceeded:
		v.Succeeded = true
	case resultResponses:
		v.Responses = readList(r, readResponse)
	case resultBehind:
		v.Behind = r.int()
	case resultVirtual:
		v.Virtual = Micros(r.int())
	case resultWall:
		v.Wall = Micros(r.int())
	case resultSeq:
		v.Seq = r.uint()
	default:
		r.unknown("a result", tag)
	}
}

const (
	responseKind = iota + 1
	responseKVs
	responseCount
	responseDeleted
)

func writeResponse(w *writer, v *Response) {
	w.uint(responseKind, uint64(v.Kind))
	writeList(w, responseKVs, v.KVs, writeKeyValue)
	w.int(responseCount, v.Count)
	w.int(responseDeleted, v.Deleted)
	w.end()
}

func readResponse(r *reader) (v Response) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		switch tag {
		case responseKind:
			v.Kind = CommandKind(r.enum())
		case responseKVs:
			v.KVs = readList(r, readKeyValue)
		case responseCount:
			v.Count = r.int()
		case responseDeleted:
			v.Deleted = r.int()
		default:
			r.unknown("a response", tag)
		}
	}
	return v
}

const (
	keyValueKey = iota + 1
	keyValueValue
	keyValueCreate
	keyValueMod
	keyValueVersion
	keyValueLease
)

func writeKeyValue(w *writer, v *KeyValue) {
	w.text(keyValueKey, v.Key)
	w.text(keyValueValue, v.Value)
	w.int(keyValueCreate, v.Create)
	w.int(keyValueMod, v.Mod)
	w.int(keyValueVersion, v.Version)
	w.int(keyValueLease, v.Lease)
	w.end()
}

func readKeyValue(r *reader) (v KeyValue) {
	for tag := r.tag(); tag != 0; tag = r.tag() {
		switch tag {
		case keyValueKey:
			v.Key = r.text()
		case keyValueValue:
			v.Value = r.text()
		case keyValueCreate:
			v.Create = r.int()
		case keyValueMod:
			v.Mod = r.int()
		case keyValueVersion:
			v.Version = r.int()
		case keyValueLease:
			v.Lease = r.int()
		default:
			r.unknown("a key-value pair", tag)
		}
	}
	return v
}
