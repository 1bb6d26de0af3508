using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Meshover.Mesh.Trust;

namespace Meshover.Bench.Streams;

/// <summary>Connections as an agent makes them, with its patience.</summary>
internal static class Connections
{
    private static readonly TimeSpan TcpTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TlsTimeout = TimeSpan.FromSeconds(8);

    /// <exception cref="IOException">It failed.</exception>
    /// <exception cref="SocketException">It was refused.</exception>
    /// <exception cref="OperationCanceledException">It took too long.</exception>
    public static async Task<SslStream> OpenAsync(StreamIdentity identity, int port, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(TcpTimeout);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token);
            limit.CancelAfter(TlsTimeout);
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(Options(identity), limit.Token);
            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Options(StreamIdentity identity) => new()
    {
        TargetHost = ContractRevision.ServerName,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        ClientCertificateContext = identity.Certificate,
        AllowTlsResume = false,
        // What is measured is the controller, so its name is enough; that the pin holds is the tests' matter.
        RemoteCertificateValidationCallback = static (_, certificate, _, _) =>
            certificate is X509Certificate2 server && server.MatchesHostname(ContractRevision.ServerName),
        CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
    };
}
