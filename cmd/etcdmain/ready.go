package etcdmain

import (
	"github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"
)

// ready tells, as etcd does, whoever reads the log and the init system that clients are served.
func (p *program) ready(s *settings) {
	for _, u := range s.ListenClient {
		address := u.Host + u.Path
		p.log.Info("ready to serve client requests", zap.String("address", address))
		if secure(u) {
			p.log.Info("serving client traffic securely", zap.String("traffic", "grpc+http"), zap.String("address", address))
		} else {
			p.log.Info("serving client traffic insecurely; this is strongly discouraged!", zap.String("traffic", "grpc+http"), zap.String("address", address))
		}
	}
	if sent, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		p.log.Error("failed to notify systemd for readiness", zap.Error(err))
	} else if sent {
		p.log.Info("successfully notified init daemon")
	}
}
