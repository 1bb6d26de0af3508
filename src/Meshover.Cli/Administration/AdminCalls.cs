using System.Net.Sockets;
using Grpc.Core;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

/// <summary>Calls the controller on its admin socket (gRPC on a unix socket), and says in one sentence why a call failed.</summary>
internal static class AdminCalls
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <exception cref="CliException">No controller answers, no permission, or it refuses.</exception>
    public static async Task<T> CallAsync<T>(
        string socketPath, Func<AdminService.AdminServiceClient, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
    {
        using var channel = LocalChannel.Open(socketPath);
        var deadline = TimeProvider.System.GetUtcNow().UtcDateTime + Patience;
        try
        {
            return await call(new AdminService.AdminServiceClient(channel), new CallOptions(deadline: deadline, cancellationToken: cancellationToken));
        }
        catch (RpcException e)
        {
            throw Explain(e, socketPath);
        }
    }

    private static CliException Explain(RpcException e, string socketPath)
    {
        var socketError = Unfold(e.Status.DebugException).OfType<SocketException>().FirstOrDefault()?.SocketErrorCode;
        var text = (e.StatusCode, socketError) switch
        {
            (_, SocketError.AccessDenied) => $"No permission to use {socketPath}: run this as root.",
            (_, not null) => $"No controller answers on {socketPath}: run this on the controller's machine while `meshover-controller serve` runs there, "
                + "or name its socket with --admin-socket.",
            (StatusCode.DeadlineExceeded, _) => $"The controller did not answer within {Patience.TotalSeconds:0} s; its log may say why.",
            _ => e.Status.Detail,
        };
        return new CliException(text, ExitCode.Error, e);
    }

    private static IEnumerable<Exception> Unfold(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
            yield return e;
    }
}
