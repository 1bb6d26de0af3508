using System.Buffers.Binary;
using System.Net.Sockets;
using Meshover.Cli.CommandLine;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Daemons;

/// <summary>
/// Starts a plain WireGuard as a process that outlives us, and waits until it serves its socket. .NET cannot fork, so unlike
/// <c>wireguard-go</c> it is the child that makes the device; what it says when it cannot comes by a file that we delete.
/// </summary>
internal sealed class PlainBackground(string socketPath, TimeProvider time)
{
    // socket(7): SO_PEERCRED gives struct ucred { pid, uid, gid } of whoever listens.
    private const int LevelSocket = 1;
    private const int PeerCredentials = 17;
    private const int CredentialsLength = 12;

    private const string OurStandardError = "/proc/self/fd/2";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <param name="logs">Its log is to go to our standard error, for as long as it runs.</param>
    /// <exception cref="CliException">It ended, or did not answer in time.</exception>
    public async Task StartAsync(string[] arguments, string levelVariable, string level, bool logs, CancellationToken cancellationToken)
    {
        var report = Path.GetTempFileName();
        try
        {
            var child = DetachedProcess.Start(new DetachedProcessOptions
            {
                FileName = Environment.ProcessPath ?? "/proc/self/exe",
                Arguments = arguments,
                LogFile = logs ? OurStandardError : report,
                Environment = new Dictionary<string, string?> { [levelVariable] = level },
            });
            if (!await IsServedAsync(child, cancellationToken))
                throw new CliException(Reason(await File.ReadAllTextAsync(report, cancellationToken)));
        }
        finally
        {
            File.Delete(report);
        }
    }

    private static string Reason(string report) =>
        report.Length == 0 ? "It ended at once." : report.Trim().Replace("meshover: ", "", StringComparison.Ordinal);

    private async Task<bool> IsServedAsync(ProcessIdentity child, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            while (child.IsAlive)
            {
                if (IsServedBy(child.Pid))
                    return true;
                await Task.Delay(PollInterval, time, either.Token);
            }
            return false;
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            throw new CliException($"{socketPath} was not ready within {Deadline.TotalSeconds} s; the process that should have served it was stopped.");
        }
    }

    private bool IsServedBy(int pid)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        Span<byte> credentials = stackalloc byte[CredentialsLength];
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            socket.GetRawSocketOption(LevelSocket, PeerCredentials, credentials);
            return BinaryPrimitives.ReadInt32LittleEndian(credentials) == pid;
        }
        catch (SocketException)
        {
            return false; // not yet
        }
    }
}
