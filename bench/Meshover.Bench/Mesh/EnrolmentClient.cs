using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Net.Client;
using Meshover.Contract.V1;
using Meshover.Lab.Machines;
using Meshover.Mesh.Trust;

namespace Meshover.Bench.Mesh;

/// <summary>Enrols machines that do not exist: a new key, a new TLS connection and a new hostname each, as real ones would bring.</summary>
internal sealed class EnrolmentClient(Machine from, string joinString)
{
    private const int ControllerPort = 12913;
    private readonly JoinString _join = JoinString.Parse(joinString);

    public async Task EnrolAsync(string hostName, CancellationToken ct)
    {
        using var certificate = NewCertificate();
        using var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync };
        handler.SslOptions.TargetHost = ContractRevision.ServerName;
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        // What is measured is the controller, so its name is enough; that the pin holds is the tests' matter.
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, certificate, _, _) =>
            certificate is X509Certificate2 server && server.MatchesHostname(ContractRevision.ServerName);
        using var channel = GrpcChannel.ForAddress($"https://{ContractRevision.ServerName}:{ControllerPort}", new GrpcChannelOptions { HttpHandler = handler });
        await new MeshService.MeshServiceClient(channel).EnrollAsync(new EnrollRequest
        {
            Hello = new Hello { Version = "0.1.0", Contract = ContractRevision.Current, ContractOldest = ContractRevision.Oldest },
            Token = _join.Token,
            Hostname = hostName,
            WireguardKey = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32)),
            ListenPort = 12912,
        }, cancellationToken: ct);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = from.InNetwork(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ControllerPort), ct);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
