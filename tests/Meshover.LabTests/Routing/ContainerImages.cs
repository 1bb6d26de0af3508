using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Meshover.Lab.Machines;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Routing;

/// <summary>Root file systems as archives, which every engine makes an image of; each is made once.</summary>
internal static class ContainerImages
{
    private static readonly ConcurrentDictionary<string, Task<string>> _made = new(StringComparer.Ordinal);

    /// <summary>Debian 13 with FRR 10.3, as deploy/frr/Dockerfile has it, from what `./dev` unpacks for the lab.</summary>
    public static Task<string> FrrAsync() => _made.GetOrAdd("frr", _ => MakeFrrAsync());

    /// <summary>A sleep, and nothing else.</summary>
    public static Task<string> SleepAloneAsync() => _made.GetOrAdd("sleep", _ => MakeSleepAloneAsync());

    private static async Task<string> MakeFrrAsync()
    {
        var root = OtherSystem.WithFrr(Frr10Mesh.Release) ?? "/";
        Assert.SkipWhen(root == "/", "this machine's own FRR is 10.3: there is no other Debian to make an image of");
        var archive = NewFile();
        var users = Directory.CreateTempSubdirectory("t-image-").FullName;
        Directory.CreateDirectory($"{users}/etc/pam.d");
        await File.WriteAllTextAsync($"{users}/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nfrr:x:930:931:FRR:/nonexistent:/usr/sbin/nologin\n");
        await File.WriteAllTextAsync($"{users}/etc/group", "root:x:0:\nfrr:x:931:\nfrrvty:x:932:frr\n");
        // What is unpacked only has no rules for accounts, of which vtysh asks.
        await File.WriteAllTextAsync($"{users}/etc/pam.d/other", "account required pam_permit.so\n");
        string[] own = ["./etc/passwd", "./etc/group", "./etc/pam.d/other"];
        string[] left = ["./usr/share/doc", "./usr/share/man", "./usr/share/locale", .. own];
        await ToolAsync("tar", ["-C", root, .. left.Select(path => $"--exclude={path}"), "-cf", archive, "."]);
        await ToolAsync("tar", ["-C", users, "-rf", archive, .. own]);
        Directory.Delete(users, recursive: true);
        return archive;
    }

    private static async Task<string> MakeSleepAloneAsync()
    {
        const string sleep = "/bin/sleep";
        var archive = NewFile();
        var needed = (await ToolAsync("ldd", [sleep])).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(word => word[0] == '/' && File.Exists(word));
        await ToolAsync("tar", ["-C", "/", "-chf", archive, .. needed.Append(sleep).Select(path => path[1..])]);
        return archive;
    }

    /// <summary>An image as `docker save` writes it, of one layer; each has another digest.</summary>
    public static async Task<string> InDockersFormAsync(string layer, string name)
    {
        var parts = Directory.CreateTempSubdirectory("t-image-").FullName;
        await using (var stream = File.OpenRead(layer))
        {
            var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream));
            await File.WriteAllTextAsync($"{parts}/config.json", $$$"""
                {"architecture":"{{{(RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64")}}}","os":"linux","author":"{{{Guid.NewGuid()}}}","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:{{{digest}}}"]}}
                """);
            await File.WriteAllTextAsync($"{parts}/manifest.json", $$"""[{"Config":"config.json","RepoTags":["{{name}}"],"Layers":["layer.tar"]}]""");
        }
        File.CreateSymbolicLink($"{parts}/layer.tar", layer);
        var image = NewFile();
        await ToolAsync("tar", ["-C", parts, "-chf", image, "manifest.json", "config.json", "layer.tar"]);
        Directory.Delete(parts, recursive: true);
        return image;
    }

    private static string NewFile()
    {
        var file = Path.GetTempFileName();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(file);
        return file;
    }

    private static async Task<string> ToolAsync(string program, string[] arguments)
    {
        var ending = await new ProgramRun(program, arguments) { Patience = TimeSpan.FromMinutes(1) }.RunAsync(CancellationToken.None);
        Assert.True(ending.ExitCode == 0, ending.Errors);
        return ending.Output;
    }
}
