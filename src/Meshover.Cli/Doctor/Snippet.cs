using System.Collections.Immutable;

namespace Meshover.Cli.Doctor;

/// <summary>A file that tells a program which manages networks to leave our devices alone. The files are those of deploy/.</summary>
internal sealed record Snippet
{
    public required string Manager { get; init; }

    /// <summary>Name of its process (at most 15 characters: <c>/proc/PID/comm</c>).</summary>
    public required string Process { get; init; }

    /// <summary>Where the manager reads it.</summary>
    public required string Path { get; init; }

    /// <summary>What the manager does to us without it.</summary>
    public required string Harm { get; init; }

    /// <summary>Makes the manager read it.</summary>
    public required ImmutableArray<string> Reload { get; init; }

    /// <summary>Makes the manager let go of an interface that it has already, where reading the file is not enough.</summary>
    public Func<string, ImmutableArray<string>>? Release { get; init; }

    public static ImmutableArray<Snippet> All { get; } =
    [
        new Snippet
        {
            Manager = "NetworkManager",
            Process = "NetworkManager",
            Path = "/etc/NetworkManager/conf.d/90-meshover.conf",
            Harm = "it may bring up a connection on our interfaces, and remove the addresses that it did not set",
            Reload = ["nmcli", "general", "reload", "conf"],
            Release = device => ["nmcli", "device", "set", device, "managed", "no"],
        },
        new Snippet
        {
            Manager = "systemd-networkd",
            Process = "systemd-network",
            Path = "/etc/systemd/network/00-meshover.network",
            Harm = "a .network file that matches every interface would configure ours",
            Reload = ["networkctl", "reload"],
        },
        new Snippet
        {
            Manager = "systemd-networkd",
            Process = "systemd-network",
            Path = "/etc/systemd/networkd.conf.d/90-meshover.conf",
            Harm = "a restart of it deletes rules and routes that it did not create; the mesh stands still until the agent has put them back",
            Reload = [],
        },
    ];

    /// <summary>Its text, which this program carries in itself.</summary>
    public string Read()
    {
        var name = System.IO.Path.GetFileName(Path);
        using var stream = typeof(Snippet).Assembly.GetManifestResourceStream($"{Manager}/{name}")
            ?? throw new InvalidOperationException($"{name} of {Manager} is not built in.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
