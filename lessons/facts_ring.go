package lessons

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// ring are the nodes of a room by their names, as a map of CEL. Mostly one node is asked for, and only that one is made.
type ring struct{ room *view.State }

var _ traits.Mapper = ring{}

// Find is the node with a name.
func (r ring) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	id, err := event.ParseNodeID(string(name))
	if err != nil || id == 0 {
		return nil, false
	}
	n := r.room.Node(id)
	if n == nil {
		return nil, false
	}
	return nodeValue(r.room, n), true
}

// Get is the node with a name, or an error that says that it is not there.
func (r ring) Get(key ref.Val) ref.Val {
	if n, ok := r.Find(key); ok {
		return n
	}
	return types.NewErr("no such key: %v", key)
}

// Contains says whether there is a node with the name.
func (r ring) Contains(key ref.Val) ref.Val {
	_, ok := r.Find(key)
	return types.Bool(ok)
}

// Size is the number of nodes.
func (r ring) Size() ref.Val { return types.Int(len(r.room.Nodes)) }

// Iterator goes through the names.
func (r ring) Iterator() traits.Iterator {
	ids := make([]event.NodeID, len(r.room.Nodes))
	for i := range ids {
		ids[i] = r.room.Nodes[i].ID
	}
	return namesOf(ids).(traits.Lister).Iterator()
}

func (r ring) Type() ref.Type              { return types.MapType }
func (r ring) Value() any                  { return r }
func (r ring) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(r) == other) }

// ConvertToNative is refused: nodes are looked at where they are.
func (r ring) ConvertToNative(to reflect.Type) (any, error) {
	return nil, fmt.Errorf("the nodes cannot be made into a %v", to)
}

// ConvertToType knows only the type of the type.
func (r ring) ConvertToType(to ref.Type) ref.Val {
	if to == types.TypeType {
		return types.MapType
	}
	return types.NewErr("the nodes cannot be made into a %v", to)
}
