using System.Collections.Immutable;
using Meshover.Lab;
using YamlDotNet.RepresentationModel;

namespace Meshover.LabTests.Containers;

/// <summary>
/// A pod of deploy/kubernetes as it stands there, turned into options for podman as a kubelet gives them to its engine: user, rights, read-only root, mounts, variables, command. Volumes are
/// directories, made as a kubelet makes them (of the group fsGroup, which may write; setgid).
/// </summary>
internal sealed class ManifestPod
{
    private const UnixFileMode Shared = (UnixFileMode)0b111_111_111 | UnixFileMode.SetGroup;

    private readonly YamlMappingNode _pod;
    private readonly string _directory;
    private readonly ImmutableDictionary<string, string> _variables;

    /// <param name="file">Below deploy/kubernetes.</param>
    /// <param name="kind">DaemonSet, StatefulSet: there is one of it.</param>
    /// <param name="directory">For its volumes, each a directory of that name.</param>
    /// <param name="variables">Of variables that come from elsewhere (a ConfigMap), what they are.</param>
    public ManifestPod(string file, string kind, string directory, params (string Name, string Value)[] variables)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Path.Combine(Repository, "deploy/kubernetes", file))));
        var set = stream.Documents.Select(document => document.RootNode).Single(root => Text(root["kind"]) == kind);
        _pod = (YamlMappingNode)set["spec"]["template"]["spec"];
        _directory = directory;
        _variables = variables.ToImmutableDictionary(variable => variable.Name, variable => variable.Value);
    }

    private static string Repository => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(LabPrograms.Meshover)!, "../.."));

    /// <summary>Where a volume lies.</summary>
    public string Volume(string name) => Path.Combine(_directory, name);

    /// <summary>Behind `podman run` and options of the test's own.</summary>
    /// <param name="list">containers, initContainers.</param>
    public string[] Container(string list, string name)
    {
        var container = (YamlMappingNode)((YamlSequenceNode)_pod[list]).Single(one => Text(one["name"]) == name);
        var entry = Texts(container, "command").Concat(Texts(container, "args")).Select(Expanded).ToArray();
        return ["--network", "host", .. User(container), .. Confinement(container["securityContext"]), .. Mounts(container), .. Environment(container), "--entrypoint", entry[0], ImageFile.Name, .. entry[1..]];
    }

    private IEnumerable<string> User(YamlNode container) =>
        Find(_pod, "securityContext") is { } context && Find(context, "runAsUser") is { } user
            ? ["--user", $"{Text(user)}:{Text(context["runAsGroup"])}"]
            : ["--user", Text(container["securityContext"]["runAsUser"])];

    private static IEnumerable<string> Confinement(YamlNode context) =>
    [
        .. Find(context, "readOnlyRootFilesystem") is { } root && Text(root) == "true" ? (string[])["--read-only", "--read-only-tmpfs=false"] : [],
        .. Find(context, "allowPrivilegeEscalation") is { } more && Text(more) == "false" ? (string[])["--security-opt", "no-new-privileges"] : [],
        .. Texts(context["capabilities"], "drop").SelectMany(right => (string[])["--cap-drop", right]),
        .. Texts(context["capabilities"], "add").SelectMany(right => (string[])["--cap-add", right]),
    ];

    private IEnumerable<string> Mounts(YamlMappingNode container)
    {
        foreach (var mount in (YamlSequenceNode)container["volumeMounts"])
        {
            var (name, path) = (Text(mount["name"]), Text(mount["mountPath"]));
            var volume = ((YamlSequenceNode)_pod["volumes"]).SingleOrDefault(one => Text(one["name"]) == name);
            if (volume is not null && Find(volume, "hostPath") is { } host && Text(host["type"]) == "CharDevice")
            {
                yield return "-v";
                yield return $"{Text(host["path"])}:{path}";
                yield return "--device-cgroup-rule=c 10:200 rwm"; // which runc, and so a kubelet's engine, allows by itself
                continue;
            }
            Made(name);
            yield return "-v";
            yield return $"{Volume(name)}:{path}{(Find(mount, "readOnly") is null ? "" : ":ro")}";
        }
    }

    private void Made(string volume)
    {
        if (Directory.Exists(Volume(volume))) return;
        Directory.CreateDirectory(Volume(volume));
        if (Find(_pod, "securityContext") is not { } context) return;
        Chown(Volume(volume), Text(context["fsGroup"]));
        File.SetUnixFileMode(Volume(volume), Shared);
    }

    private static void Chown(string path, string group)
    {
        using var chgrp = System.Diagnostics.Process.Start("chgrp", [group, path]);
        chgrp.WaitForExit();
        Assert.Equal(0, chgrp.ExitCode);
    }

    private IEnumerable<string> Environment(YamlMappingNode container) =>
        Find(container, "env") is YamlSequenceNode list
            ? list.SelectMany(one => (string[])["-e", $"{Text(one["name"])}={(Find(one, "value") is { } value ? Text(value) : _variables[Text(one["name"])])}"])
            : [];

    // "$(NAME)", as the API has it in commands.
    private string Expanded(string text) => _variables.Aggregate(text, (all, one) => all.Replace($"$({one.Key})", one.Value, StringComparison.Ordinal));

    private static IEnumerable<string> Texts(YamlNode node, string name) => Find(node, name) is YamlSequenceNode list ? list.Select(Text) : [];

    private static YamlNode? Find(YamlNode node, string name) => ((YamlMappingNode)node).Children.TryGetValue(new YamlScalarNode(name), out var found) ? found : null;

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;
}
