using System.Diagnostics;
using System.Globalization;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Kernel;

/// <summary>
/// Linux 6.1 answers pidfd_open with EINVAL, and not with ESRCH as later ones do, for a process that is gone while its process group lives on.
/// </summary>
public sealed class DepartedLeaderTests
{
    [Fact]
    public async Task Process_GoneWhileItsGroupLivesOn_HasEnded()
    {
        // The leader ends at its standard input's end; its child has another, and keeps the leader's number in use as the number of its group.
        using var leader = Process.Start(
            new ProcessStartInfo("setsid", ["sh", "-c", "sleep 60 </dev/null >/dev/null 2>&1 & echo $! $$; read line"])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        var pids = (await leader.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!.Split(' ');
        using var child = Process.GetProcessById(int.Parse(pids[0], CultureInfo.InvariantCulture));
        try
        {
            var identity = ProcessIdentity.TryFind(int.Parse(pids[1], CultureInfo.InvariantCulture))!;
            leader.StandardInput.Close();
            await leader.WaitForExitAsync(TestContext.Current.CancellationToken);

            await identity.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.False(identity.Signal(0));
            Assert.False(child.HasExited);
        }
        finally
        {
            child.Kill();
        }
    }
}
