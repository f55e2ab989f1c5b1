package conform

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// Care is a script of what is done for the upkeep of a cluster, by its members' endpoints.
func Care() (script []Step) {
	script = AsAll(
		Run("endpoint health").Mask(Took), Run("endpoint status").Mask(Indices, Sizes, Rows), Run("endpoint hashkv"), Run("endpoint hashkv --cluster"),
		Run("endpoint status --cluster").Mask(Indices, Sizes, Rows), Run("alarm list"), Run("alarm disarm"))
	return append(script, Run("endpoint hashkv --rev=9999"), Run("endpoint hashkv --rev=2"), Run("endpoint health --cluster").Mask(Took).Sorted(), Run("endpoint health --endpoints=127.0.0.1:1 --command-timeout=200ms --dial-timeout=200ms").Mask(Took),
		Run("defrag").Mask(Took), Run("defrag --cluster").Mask(Took), Run("endpoint status --command-timeout=1s").Mask(Rows),
		Run("snapshot save saved.db").Mask(Took, Saved), Run("snapshot save"), Run("snapshot save saved.db --endpoints=$all"),
		Act("a member runs out of space", alarm(pb.AlarmRequest_ACTIVATE)),
		Run("put a 1"), Run("txn").Input("\nput a 1\n\n\n"), Run("lease grant 10"), Run("get a"), Run("del a"),
		Run("alarm list").Again("NOSPACE"), Run("alarm list -w json"), Run("alarm list -w fields"), Run("endpoint health"), Run("endpoint status").Mask(Rows),
		Run("endpoint health --cluster").Mask(Took).Sorted(), As("protobuf", Run("alarm list"))[0],
		Run("alarm disarm"), Run("alarm disarm"), Run("alarm list"), Run("put a 1"))
}

// alarm is what a member without space asks for.
func alarm(action pb.AlarmRequest_AlarmAction) func(context.Context, *Target) error {
	return func(ctx context.Context, t *Target) error {
		c, err := t.Client(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = pb.NewMaintenanceClient(c.ActiveConnection()).Alarm(ctx, &pb.AlarmRequest{Action: action, MemberID: 7, Alarm: pb.AlarmType_NOSPACE})
		return err
	}
}

// Words is a script of what etcdctl does without a server, and of wrong words.
func Words() []Step {
	return []Step{Run("version"), Run("version -w json"), Run("options"), Run("help"), Run("help put"), Run("completion bash"), Run("completion zsh"), Run("completion fish"),
		Run("completion powershell"), Run("nonsense"), Run("put a 1 --nonsense"), Run("lease nonsense")}
}

// Downgrades is a script of downgrades that are cancelled at once: seconds after one has begun etcd's members go down,
// ours only note it.
func Downgrades() (script []Step) {
	soon := mask("version", "etcd's members may have gone down already", `(version":"|version |^2: ")3\.[67]`, "${1}<version>")
	for _, f := range Formats {
		script = append(script, Run("downgrade validate 3.6.0").Again("success"))
		script = append(script, As(f, Run("downgrade enable 3.6.0"), Run("downgrade cancel").Mask(soon), Run("downgrade cancel").Mask(soon))...)
	}
	script = append(script, Run("downgrade validate 3.6.0").Again("success"))
	script = append(script, AsAll(Run("downgrade validate 3.6.0"))...)
	return append(script, Run("downgrade validate"), Run("downgrade validate x.y"), Run("downgrade validate 3.5.0"), Run("downgrade validate 3.7.0"), Run("downgrade validate 3.8.0"),
		Run("downgrade enable 3.5.0"), Run("downgrade enable 3.8.0"), Run("downgrade enable"))
}

// Mirror is a script of copies into the same cluster under another prefix.
func Mirror() []Step {
	return []Step{Run("put src/1 a"), Run("put src/2 b"),
		Run("make-mirror --prefix=src/ --dest-prefix=dst/ $url1").While(
			Run("get dst/ --prefix").Again(`(?s)dst/1\na\ndst/2\nb`), Run("put src/3 c"), Run("del src/1"), Run("get dst/ --prefix").Again(`^dst/2\nb\ndst/3\nc`)).Until("^$"),
		Run("make-mirror"), Run("make-mirror --no-dest-prefix --dest-prefix=x $url1").While().Alone(), Run("get dst/ --prefix")}
}
