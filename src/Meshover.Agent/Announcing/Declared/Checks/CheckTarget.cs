using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing.Declared.Checks;

/// <summary>What is asked whether a service lives. Immutable; compared by value.</summary>
public abstract record CheckTarget(string Text)
{
    private const string Kinds = "http://HOST[:PORT]/PATH, https://…, tcp:HOST:PORT or cmd:PROGRAM ARGUMENTS";

    /// <summary>A status of 200 to 399 is well. A certificate is not looked at: it is asked whether, not who.</summary>
    public sealed record Http(string Text, Uri Url) : CheckTarget(Text);

    /// <summary>That somebody accepts a connection is well.</summary>
    public sealed record Tcp(string Text, string Host, int Port) : CheckTarget(Text);

    /// <summary>An exit code of 0 is well. A program that is not there is a check that fails: its file system may come later.</summary>
    public sealed record Command(string Text, string Program) : CheckTarget(Text)
    {
        private readonly ListOf<string> _arguments;

        /// <summary>Null: there is none that could be run now.</summary>
        public string? Path => CommandWords.Find(Program);

        public required ImmutableArray<string> Arguments { get => _arguments.Elements; init => _arguments = new(value); }
    }

    /// <exception cref="FormatException">It cannot be used: why, and what to write.</exception>
    public static CheckTarget Parse(string text)
    {
        if (text.StartsWith("http://", StringComparison.Ordinal) || text.StartsWith("https://", StringComparison.Ordinal))
        {
            return Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Host.Length: > 0, UserInfo: "" }
                ? new Http(text, url)
                : throw new FormatException($"\"{text}\" is not a URL; write one like http://127.0.0.1:8080/healthz.");
        }
        if (text.StartsWith("tcp:", StringComparison.Ordinal))
        {
            return HostPort.TryParse(text[4..], out var to)
                ? new Tcp(text, to.Host.Trim('[', ']'), to.Port)
                : throw new FormatException($"\"{text}\" names no host with a port; write it like tcp:127.0.0.1:5432 or tcp:[::1]:5432.");
        }
        return text.StartsWith("cmd:", StringComparison.Ordinal)
            ? CommandOf(text)
            : throw new FormatException($"\"{text}\" is no kind of check that there is; write {Kinds}.");
    }

    /// <summary>For who declares it this moment: that a program is missing is a slip.</summary>
    /// <exception cref="FormatException">It is.</exception>
    public void RequireProgram()
    {
        if (this is Command { Path: null } command)
            throw new FormatException($"there is no program {command.Program} on this machine; write its whole path, or install it.");
    }

    private static Command CommandOf(string text)
    {
        if (CommandWords.Split(text[4..]) is not [var program, .. var arguments])
            throw new FormatException($"\"{text}\" names no program; write it like cmd:/usr/bin/pg_isready -q, or cmd:sh -c 'test -e /run/ready'.");
        return new Command(text, program) { Arguments = [.. arguments] };
    }
}
