using System.Diagnostics;

namespace Meshover.LabTests.Cli;

/// <summary>How a program ended.</summary>
internal sealed record Ending(int ExitCode, string Output, string Error)
{
    /// <summary>Its output; the test fails where it did not end well.</summary>
    public string Checked()
    {
        Assert.True(ExitCode == 0, $"it ended with {ExitCode}: {Error}{Output}");
        return Output.Trim();
    }
}

/// <summary>Runs programs to their end.</summary>
internal static class Programs
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static async Task<Ending> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Patience);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        return new Ending(process.ExitCode, await output, await error);
    }
}
