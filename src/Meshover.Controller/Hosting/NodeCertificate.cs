using System.Net.Security;
using Meshover.Controller.Identity;
using Meshover.Controller.State;

namespace Meshover.Controller.Hosting;

/// <summary>The internal CA's certificate for the nodes' server name, made anew each half year: controllers run long.</summary>
internal sealed class NodeCertificate(SecretRecord secret, TimeProvider time)
{
    private static readonly TimeSpan RenewEvery = TimeSpan.FromDays(180);

    private readonly Lock _lock = new();
    private SslStreamCertificateContext? _current;
    private long _made;

    /// <summary>The one to show now; another object where it is another certificate.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_lock)
            {
                if (_current is null || time.GetElapsedTime(_made) >= RenewEvery)
                    _current = MakeLocked();
                return _current;
            }
        }
    }

    private SslStreamCertificateContext MakeLocked()
    {
        _made = time.GetTimestamp();
        var (server, authority) = CertificateAuthority.IssueServerCertificate(secret, time.GetUtcNow());
        return SslStreamCertificateContext.Create(server, [authority], offline: true);
    }
}
