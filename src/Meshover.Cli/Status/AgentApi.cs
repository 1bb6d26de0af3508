using Grpc.Core;
using Meshover.Cli.Hosting;
using Meshover.Contract.V1;

namespace Meshover.Cli.Status;

/// <summary>The agent's local API (gRPC on a unix socket).</summary>
internal static class AgentApi
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Lets the agent read its settings anew. Null where none answers, or one that cannot.</summary>
    public static async Task<ReloadResponse?> TryReloadAsync(string socketPath, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!File.Exists(socketPath))
            return null;
        using var channel = LocalChannel.Open(socketPath);
        try
        {
            var deadline = time.GetUtcNow().UtcDateTime + Patience;
            return await new LocalService.LocalServiceClient(channel).ReloadAsync(new ReloadRequest(), deadline: deadline, cancellationToken: cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            return null;
        }
    }

    /// <summary>Null where no agent answers.</summary>
    public static async Task<AgentStatus?> TryGetStatusAsync(string socketPath, TimeProvider time, CancellationToken cancellationToken)
    {
        // A missing socket is the common case of a dead agent, and is seen sooner so than by a failed call.
        if (!File.Exists(socketPath))
            return null;
        using var channel = LocalChannel.Open(socketPath);
        try
        {
            var deadline = time.GetUtcNow().UtcDateTime + Patience;
            return await new LocalService.LocalServiceClient(channel)
                .GetStatusAsync(new GetStatusRequest(), deadline: deadline, cancellationToken: cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            return null;
        }
    }
}
