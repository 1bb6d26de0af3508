using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Linux.LocalSockets;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Control;

/// <summary>
/// Talks to a running engine over its socket. Each call is a connection of its own, so that a restarted engine is met without ado.
/// Every method throws <see cref="DataplaneException"/>, also where the engine has not answered for a minute.
/// </summary>
public sealed class DataplaneClient(string socketPath, TimeProvider? time = null)
{
    /// <summary>Many times what the largest configuration takes; who wants to know sooner cancels.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Makes the engine be what <paramref name="config"/> says: the whole state, compared with what runs. Peers that are right already
    /// are not touched: sessions, endpoints and devices stay. Refused whole, with all reasons, when anything in it is wrong.
    /// </summary>
    public async Task ApplyAsync(DataplaneConfig config, CancellationToken cancellationToken = default) =>
        await SendAsync(ControlRequest.To(ControlOperation.Apply) with { Config = config }, cancellationToken);

    /// <summary>Adds or changes some peers and removes others, without naming the rest. Needs a configuration applied before.</summary>
    public async Task UpdateAsync(
        ImmutableArray<PeerConfig> upserts, ImmutableArray<WireGuardKey> removedKeys, CancellationToken cancellationToken = default) =>
        await SendAsync(ControlRequest.To(ControlOperation.Update) with { Upserts = upserts, Removed = removedKeys }, cancellationToken);

    /// <summary>Sends to another endpoint from now on, and starts a handshake with it.</summary>
    public async Task SetEndpointAsync(WireGuardKey key, IPEndPoint endpoint, CancellationToken cancellationToken = default) =>
        await SendAsync(ControlRequest.To(ControlOperation.SetEndpoint) with { Key = key, Endpoint = endpoint }, cancellationToken);

    public async Task<DataplaneStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        var response = await SendAsync(ControlRequest.To(ControlOperation.Status), cancellationToken);
        return response.Status ?? throw new DataplaneException(DataplaneError.Version, "The data plane answered without a status.");
    }

    /// <summary>
    /// Ends the engine. With <paramref name="teardown"/> its devices, its UAPI socket and its saved state go too; without, the devices stay
    /// for its next start. Returns once all that is done; the process ends right after.
    /// </summary>
    public async Task StopAsync(bool teardown, CancellationToken cancellationToken = default) =>
        await SendAsync(ControlRequest.To(ControlOperation.Stop) with { Teardown = teardown }, cancellationToken);

    private async Task<ControlResponse> SendAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerWithin, time ?? TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await using var connection = await JsonConnection.OpenAsync(socketPath, ControlProtocol.Terms, either.Token);
            return Check(await connection.AskAsync(
                request with { Version = connection.Version }, ControlJson.Default.ControlRequest, ControlJson.Default.ControlResponse, either.Token));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DataplaneException(
                DataplaneError.Unreachable, $"The data plane has not answered on {socketPath} for {AnswerWithin.TotalSeconds:0} s; its log may say why.", e);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new DataplaneException(
                DataplaneError.Unreachable,
                $"The data plane does not answer on {socketPath}: {e.Message}. `meshover up` starts it.",
                e);
        }
        catch (ProtocolVersionException e)
        {
            throw new DataplaneException(DataplaneError.Version, e.Message, e);
        }
        catch (JsonException e)
        {
            throw new DataplaneException(
                DataplaneError.Version, $"What answers on {socketPath} does not speak the data plane's protocol: {e.Message}", e);
        }
    }

    // A newer engine may fail in ways that have no name here.
    private static ControlResponse Check(ControlResponse response) => response.Error is not { } name
        ? response
        : throw new DataplaneException(
            Enum.TryParse<DataplaneError>(name, out var error) && Enum.IsDefined(error) ? error : DataplaneError.Failed,
            response.Message ?? "The data plane gave no reason.");
}
