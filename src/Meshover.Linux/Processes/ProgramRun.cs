using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Meshover.Linux.Interop;
using Meshover.Linux.Namespaces;

namespace Meshover.Linux.Processes;

/// <summary>A program that is run to its end, in bounded time and with bounded output, from "/".</summary>
/// <param name="Program">A path, or a name that is looked for in PATH.</param>
public sealed record ProgramRun(string Program, params IReadOnlyList<string> Arguments)
{
    private const int BufferLength = 4096;
    private const int KillSignal = 9;

    /// <summary>What it reads on its standard input.</summary>
    public string Input { get; init; } = "";

    /// <summary>After it the program is killed.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Characters of each of its two outputs: beyond them it is killed.</summary>
    public int MostOutput { get; init; } = 256 << 20;

    /// <summary>Such as <c>/run/netns/NAME</c>; null for the process's own network namespace.</summary>
    public string? NamespacePath { get; init; }

    /// <summary>It leads a session of its own, and what it started is killed with it (setsid of util-linux).</summary>
    public bool IsGroup { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <exception cref="ProgramException">It could not be started, or had to be killed.</exception>
    public async Task<ProgramEnding> RunAsync(CancellationToken cancellationToken)
    {
        using var process = Start();
        using var deadline = new CancellationTokenSource(Patience, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var output = ReadAsync(process, process.StandardOutput, either.Token);
            var errors = ReadAsync(process, process.StandardError, either.Token);
            await WriteAsync(process.StandardInput, either.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
            return new ProgramEnding(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            cancellationToken.ThrowIfCancellationRequested();
            throw new ProgramException($"{Program} did not end within {Patience.TotalSeconds:0.###} s and was killed");
        }
    }

    // A child is born into the namespace of the thread that makes it.
    private Process Start()
    {
        // setsid(1) makes the session in its own process where that leads no group, as here, and then becomes the program.
        var start = new ProcessStartInfo(IsGroup ? "setsid" : Program, IsGroup ? [Program, .. Arguments] : Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        try
        {
            return NamespacePath is null ? Process.Start(start)! : NetworkNamespace.RunIn(NamespacePath, () => Process.Start(start)!);
        }
        catch (Win32Exception e)
        {
            throw new ProgramException($"{Program} cannot be started ({e.Message})") { IsNotStarted = true };
        }
    }

    private void Kill(Process process)
    {
        if (IsGroup)
            _ = Libc.Kill(-process.Id, KillSignal); // whoever of the group is left; none is no error
        process.Kill();
    }

    private async Task WriteAsync(StreamWriter input, CancellationToken cancellationToken)
    {
        try
        {
            await input.WriteAsync(Input.AsMemory(), cancellationToken).ConfigureAwait(false);
            input.Close();
        }
        catch (IOException)
        {
            // It ended, or closed its input, without reading all: its exit code tells what it thinks of that.
        }
    }

    private async Task<string> ReadAsync(Process process, StreamReader reader, CancellationToken cancellationToken)
    {
        var (text, buffer) = (new StringBuilder(), new char[BufferLength]);
        while (await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            text.Append(buffer, 0, read);
            if (text.Length <= MostOutput)
                continue;
            Kill(process);
            throw new ProgramException($"{Program} printed more than {MostOutput} characters and was killed");
        }
        return text.ToString();
    }
}

/// <summary>How a program ended, and what it said.</summary>
/// <param name="ExitCode">Its own; 128 and the signal's number where one ended it.</param>
public sealed record ProgramEnding(int ExitCode, string Output, string Errors)
{
    private const int SignalBase = 128;

    /// <summary>The signal that ended it; null: it ended by itself.</summary>
    public int? Signal => ExitCode > SignalBase ? ExitCode - SignalBase : null;
}

/// <summary>A program could not be started, or had to be killed.</summary>
public sealed class ProgramException(string message) : Exception(message)
{
    /// <summary>There is no such program, or it may not be run.</summary>
    public bool IsNotStarted { get; init; }
}
