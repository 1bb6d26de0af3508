using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net.Dns;
using ARSoft.Tools.Net.Dns.DynamicUpdate;
using Meshover.Linux.Processes;
using Meshover.Names.Zones;

namespace Meshover.Names.Serving;

/// <summary>One address at which names are answered, by UDP and TCP.</summary>
internal sealed class NameListener : IDisposable
{
    private readonly DnsServer _server;
    private readonly IServerTransport[] _transports;

    private NameListener(IPEndPoint endpoint, Func<ZoneTable?> zones, TimeProvider time)
    {
        _transports = [new UdpTransport(endpoint, time), new TcpTransport(endpoint, time)];
        _server = new DnsServer(_transports);
        _server.QueryReceived += (_, received) =>
        {
            received.Response = received.Query switch
            {
                DnsMessage query => Answers.To(query, zones()),
                DnsUpdateMessage update => Answers.Refuse(update),
                _ => null, // of no kind that the transports let pass
            };
            return Task.CompletedTask;
        };
    }

    /// <returns>Null where it cannot be; then <paramref name="problem"/> says why, a sentence, or is empty where that is no fault.</returns>
    public static NameListener? TryStart(IPEndPoint endpoint, Func<ZoneTable?> zones, TimeProvider time, out string problem)
    {
        var listener = new NameListener(endpoint, zones, time);
        problem = "";
        try
        {
            listener._server.Start();
            return listener;
        }
        catch (SocketException e)
        {
            listener.Close();
            problem = e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"Port {endpoint.Port} of {endpoint.Address} is taken by {Owner(endpoint.Port)}: names are not answered there.",
                SocketError.AddressFamilyNotSupported => "", // a machine without IPv6 asks nobody by it
                _ => $"Names are not answered at {endpoint}: {e.Message}.",
            };
            return null;
        }
    }

    public void Dispose()
    {
        try
        {
            _server.Stop();
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is OperationCanceledException))
        {
            // It was stopped before its loops had begun: the library waits for them as for others, and tells of it so.
        }
        Close();
    }

    private void Close() => Array.ForEach(_transports, transport => transport.Close());

    private static string Owner(int port) => ((ProtocolType[])[ProtocolType.Udp, ProtocolType.Tcp]).Select(protocol => PortOwner.Find(protocol, port))
        .FirstOrDefault(owner => owner is not null && owner.Pid != Environment.ProcessId) is { } other
            ? $"{other.Name} (process {other.Pid})"
            : "another program";
}
