using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Meshover.WireGuard.Control;

/// <summary>
/// Talks to a running engine over its socket. Each call is a connection of its own, so that a restarted engine is met without ado.
/// Every method throws <see cref="DataplaneException"/>.
/// </summary>
public sealed class DataplaneClient(string socketPath)
{
    /// <summary>
    /// Makes the engine be what <paramref name="config"/> says: the whole state, compared with what runs. Peers that are right already
    /// are not touched: sessions, endpoints and devices stay. Refused whole, with all reasons, when anything in it is wrong.
    /// </summary>
    public async Task ApplyAsync(DataplaneConfig config, CancellationToken cancellationToken = default) =>
        await SendAsync(new() { Operation = ControlOperation.Apply, Config = config }, cancellationToken);

    /// <summary>Adds or changes some peers and removes others, without naming the rest. Needs a configuration applied before.</summary>
    public async Task UpdateAsync(
        ImmutableArray<PeerConfig> upserts, ImmutableArray<WireGuardKey> removedKeys, CancellationToken cancellationToken = default) =>
        await SendAsync(new() { Operation = ControlOperation.Update, Upserts = upserts, Removed = removedKeys }, cancellationToken);

    /// <summary>Sends to another endpoint from now on, and starts a handshake with it.</summary>
    public async Task SetEndpointAsync(WireGuardKey key, IPEndPoint endpoint, CancellationToken cancellationToken = default) =>
        await SendAsync(new() { Operation = ControlOperation.SetEndpoint, Key = key, Endpoint = endpoint }, cancellationToken);

    public async Task<DataplaneStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        var response = await SendAsync(new() { Operation = ControlOperation.Status }, cancellationToken);
        return response.Status ?? throw new DataplaneException(DataplaneError.Version, "The data plane answered without a status.");
    }

    /// <summary>
    /// Ends the engine. With <paramref name="teardown"/> its devices, its UAPI socket and its saved state go too; without, the devices stay
    /// for its next start. Returns once all that is done; the process ends right after.
    /// </summary>
    public async Task StopAsync(bool teardown, CancellationToken cancellationToken = default) =>
        await SendAsync(new() { Operation = ControlOperation.Stop, Teardown = teardown }, cancellationToken);

    private async Task<ControlResponse> SendAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            await using var stream = new NetworkStream(socket);
            await ControlLine.WriteAsync(stream, request, ControlJson.Default.ControlRequest, cancellationToken);
            var response = await ControlLine.ReadAsync(stream, ControlJson.Default.ControlResponse, cancellationToken);
            return Check(response ?? throw new IOException("it closed the connection without an answer"));
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new DataplaneException(
                DataplaneError.Unreachable,
                $"The data plane does not answer on {socketPath}: {e.Message}. Is `meshover dataplane` running?",
                e);
        }
        catch (JsonException e)
        {
            throw new DataplaneException(
                DataplaneError.Version, $"What answers on {socketPath} does not speak the data plane's protocol: {e.Message}", e);
        }
    }

    private static ControlResponse Check(ControlResponse response)
    {
        if (response.Error is { } error)
            throw new DataplaneException(error, response.Message ?? "The data plane gave no reason.");
        return response.Version == ControlRequest.CurrentVersion
            ? response
            : throw new DataplaneException(
                DataplaneError.Version,
                $"The data plane speaks version {response.Version} of its protocol, this program {ControlRequest.CurrentVersion}: restart the older.");
    }
}
